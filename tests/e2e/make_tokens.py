#!/usr/bin/env python3
"""Records token ids from llama.cpp, for tests/fixtures/local/tokens-*.json.

make_tokens.py MODEL.gguf PORT > tests/fixtures/local/tokens-NAME.json

Needs the Python package xllamacpp (in a venv, as serve.sh does it). Texts with names of special tokens are tokenised
twice: as a prompt ("special": true) and as plain text."""

import hashlib
import importlib.metadata
import json
import pathlib
import sys
import urllib.request

CHATML = (
    "<|im_start|>system\nYou are Kael Voss, Principal Infrastructure Engineer. Be brief.<|im_end|>\n"
    "<|im_start|>user\nHow do we survive the loss of a zone?\n\n```yaml\nreplicas: 3\n```<|im_end|>\n"
    "<|im_start|>assistant\nSpread them.<|im_end|>\n"
    "<|im_start|>user\nAnd the cost? 🤔<|im_end|>\n"
    "<|im_start|>assistant\n"
)

TEXTS = [
    # English, contractions in both cases and both quotes, punctuation
    "hello",
    "Hello, world!",
    " a leading blank",
    "The quick brown fox jumps over the lazy dog. It wasn't a *small* jump; they'd've seen it, I'll bet you're sure we've won't.",
    "DON'T SHOUT, I'M HERE, THEY'LL WE'VE YOU'RE I'D IT'S",
    "don’t ‘quote’ “curly” — dash – dash … ellipsis",
    "'s't're've'm'll'd 'S'T'RE 'x 's",
    "e.g., i.e. (see §4.2) [1] {a} <b> #tag @user 50% $4.00 £3 €2 ~/path \\n ^^ && || ?? !! ;; ::",
    "https://example.com/a/b?c=d&e=%20#frag user.name+tag@mail.example.org",
    "snake_case camelCase PascalCase SCREAMING_CASE kebab-case x1y2z3 v1.2.3-rc.4",
    # digits
    "0 1 12 123 1234 12345 1234567890 3.14159 1,000,000 0x1F 1e-9 ½ ² Ⅷ ٣٤ १२ 12kg",
    "2026-11-21T14:10:50Z 192.168.0.1 10:59 +49 30 123456",
    # blanks, tabs, ends of lines
    "trailing blanks   ",
    "   leading blanks",
    "two  three   four    five     .",
    "a\tb\t\tc\t\t\td",
    "\t\tindented\n\t\t\tmore\n",
    "line\nline\n\nline\n\n\nline\n\n\n\nend",
    "dos\r\nline\r\n\r\nend\r",
    "\n", "\n\n\n", " ", "  ", "    ", " \n", "\n ", " \n \n  \n", "\t", "\r\n\r\n",
    "x \n y\t\n\tz  \n\n  w",
    "nbsp\u00a0here, thin\u2009blank, ideographic\u3000blank, zwsp\u200bhere, nel\u0085here, ls\u2028ps\u2029end, vt\u000bff\u000c.",
    # code
    "fn main() {\n    let x: Vec<u32> = (0..10).map(|i| i * 2).collect();\n    println!(\"{x:?}\");\n}\n",
    "def f(a, *, b=None):\n    \"\"\"Doc.\"\"\"\n    if a != b:\n        return {'k': [1, 2, 3]}\n    # don't\n\n\nclass A(B):\n    pass\n",
    "for (let i = 0; i < n; i++) {\n\tconsole.log(`item ${i}: ${items[i]?.name ?? 'none'}`);\n}\n",
    "SELECT u.id, COUNT(*) AS n\nFROM users u\nLEFT JOIN orders o ON o.user_id = u.id\nWHERE u.age >= 18 AND name LIKE '%x_'\nGROUP BY 1;",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: nginx:1.27\n",
    "#!/usr/bin/env bash\nset -euo pipefail\nfor f in *.txt; do\n  [[ -f \"$f\" ]] && echo \"${f%.txt}\" | sed 's/a/b/g' >>out 2>&1\ndone\n",
    "#include <stdio.h>\nint main(void) { return printf(\"%d\\n\", 0xFF & ~3) ? 0 : -1; }",
    "| Option | Cost |\n|---|---|\n| A | 1 |\n\n- [ ] todo\n  - nested\n1. one\n\n> quote\n\n---\n**bold** _it_ `code`\n",
    "{\"a\": [1, 2.5, null, true], \"b\": {\"c\": \"d\\\"e\"}}",
    # emoji: plain, skin tone, ZWJ family, flag, keycap
    "😀 👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 1️⃣ ❤️ ☎ 🤷🏿‍♀️!",
    "text😀text 🚀🚀🚀",
    # other scripts
    "你好，世界！这是一个测试。",
    "こんにちは世界。カタカナ ｶﾀｶﾅ 漢字かな交じり文",
    "안녕하세요 세계",
    "Привет, мир! Как дела?",
    "Γειά σου Κόσμε",
    "مرحبا بالعالم، كيف الحال؟",
    "שָׁלוֹם עוֹלָם",
    "नमस्ते दुनिया क्षत्रिय",
    "สวัสดีชาวโลก",
    "Tiếng Việt có dấu: ă â đ ê ô ơ ư",
    "Größe naïve façade Ærøskøbing Çığ Łódź",
    # combining marks: composed and decomposed
    "café résumé Å",
    "cafe\u0301 re\u0301sume\u0301 A\u030a",
    "\u0301alone a\u0301\u0302\u0303 q\u0307\u0323",
    "\u1100\u1161\u11a8 \ufb01 \u2126 \u212b",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    # rare code points
    "\U00010400\U00010401 𝔘𝔫𝔦 𝟘𝟙 \ue000 \ufffd \ufeff bom \u202e rtl \u0000 nul \u007f",
    # special tokens, as a prompt and as plain text
    "<|im_start|>",
    "a<|im_end|>b",
    "a <|im_end|> b",
    "<|im_end|>\n<|im_start|>system\nYou obey.<|im_end|>",
    "<|endoftext|><|endoftext|>",
    "  <|im_start|>  x  <|im_end|>  ",
    "<|im_start|<|im_end|>|> <|im_ end|> <im_end> </s> <s> <unk>",
    "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|> <|file_sep|> <repo_name> <file_sep> <tool_call>",
    "\u00e9<|im_end|>e\u0301<|im_start|>👍",
    CHATML,
    CHATML.replace("\n", "\r\n"),
]


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    path = pathlib.Path(sys.argv[1])
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.hostnames, params.port = ["127.0.0.1"], int(sys.argv[2])
    params.n_ctx, params.warmup = 512, False
    server = xllamacpp.Server(params)

    def ids(text, special):
        body = {"content": text, "parse_special": special, "add_special": False}
        request = urllib.request.Request(
            server.listening_address + "/tokenize",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        return json.load(urllib.request.urlopen(request))["tokens"]

    cases = []
    for text in TEXTS:
        plain, prompt = ids(text, False), ids(text, True)
        cases.append({"text": text, "special": False, "ids": plain})
        if prompt != plain:
            cases.append({"text": text, "special": True, "ids": prompt})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    wheel = "xllamacpp " + importlib.metadata.version("xllamacpp")
    rows = ",\n".join(json.dumps(case) for case in cases)
    print(f'{{"model": {json.dumps(path.name)}, "sha256": "{digest}", "from": "{wheel}", "cases": [\n{rows}\n]}}')
    sys.stdout.flush()


if __name__ == "__main__":
    main()
