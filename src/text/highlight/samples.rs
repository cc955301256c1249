//! A few lines of each common language: highlighting them once compiles their regexes.
//! Data only: another language is a row.

/// Language token and sample.
pub(super) const SAMPLES: [(&str, &str); 10] = [
    (
        "python",
        "import os\n@dec\nclass A(B):\n    \"\"\"doc\"\"\"\n    async def f(self, x: int = 1) -> str:\n        # note\n        return f\"{x!r} {os.path}\" if x > 2 else [i for i in range(3)]\n",
    ),
    (
        "bash",
        "#!/usr/bin/env bash\nset -euo pipefail\nfor f in \"${a[@]}\"; do\n  if [[ -n \"$f\" ]]; then echo \"$(date +%s) ${f%.x}\" | tee -a log >/dev/null; fi\ndone\ncat <<EOF\nx\nEOF\n",
    ),
    (
        "yaml",
        "# note\napiVersion: v1\nmetadata: {name: \"x\", on: true}\nspec:\n  - &a key: 'v'\n    n: 1.5\n    text: |\n      line\n",
    ),
    (
        "rust",
        "//! doc\nuse std::io;\n#[derive(Debug)]\npub struct A<'a> { x: &'a str }\nimpl A<'_> {\n    pub async fn f(&self) -> Result<u8, ()> {\n        let y = 0x1f_u8; // note\n        match y { 0 => Ok(1), _ => { println!(\"{y:?}\\n\"); Err(()) } }\n    }\n}\n",
    ),
    ("json", "{\n  \"a\": [1, 2.5e3, true, null],\n  \"b\": {\"c\": \"x\\n\"}\n}\n"),
    (
        "terraform",
        "# note\nresource \"a\" \"b\" {\n  count = var.on ? 1 : 0\n  tags  = merge(local.tags, { k = \"${each.key}-x\" })\n  dynamic \"c\" {\n    for_each = [for k in var.x : k]\n  }\n}\n",
    ),
    (
        "dockerfile",
        "# note\nFROM rust:1 AS build\nARG V=1\nRUN --mount=type=cache apt-get update && echo \"$V\"\nCOPY --from=build /a /b\nCMD [\"x\", \"-y\"]\n",
    ),
    (
        "sql",
        "-- note\nCREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x');\nSELECT count(*), max(a.b) FROM t a JOIN u ON u.id = a.id WHERE a.x > 1.5 AND b LIKE 'y%' GROUP BY 1;\n",
    ),
    (
        "typescript",
        "import { a } from 'b';\nexport interface A<T> { x?: number; f(y: T): Promise<void> }\n@dec()\nclass B extends C implements A<string> {\n  private readonly z = `t${1 + 2}`; // note\n  async f(y: string) { const { k, ...r } = await g<T>(/re+/g); return k ?? r; }\n}\n",
    ),
    (
        "go",
        "package main\nimport (\n\t\"fmt\"\n)\n// note\ntype A struct { X int `json:\"x\"` }\nfunc (a *A) F(ctx context.Context) (err error) {\n\tgo func() { ch <- 1 }()\n\tfor i, v := range xs { defer fmt.Printf(\"%d\\n\", i+v) }\n\treturn nil\n}\n",
    ),
];
