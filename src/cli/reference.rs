//! Files and environment variables of the program, for the manual page and for the notes at the end of `--help`.
//!
//! A test compares the variables with those that the sources read.

use std::fmt::Write as _;

use super::exit_status::ASK;

/// Files that the program reads or writes, and what they contain.
pub(super) const FILES: &[(&str, &str)] = &[
    (
        "$XDG_CONFIG_HOME/plenary/config.toml",
        "The user's configuration: model, panel, theme, providers, local models, panels and overrides of personas. \
         plenary config init writes a first file; plenary config show prints every value and its origin.",
    ),
    (
        "$XDG_CONFIG_HOME/plenary/keys.toml",
        "Key bindings that override the built-in ones. If --config or PLENARY_CONFIG names a file, keys.toml and \
         facets.toml in the folder of that file are preferred.",
    ),
    (
        "$XDG_CONFIG_HOME/plenary/facets.toml",
        "Additional heading synonyms: phrases in the headings of answers, and the facets that they mean.",
    ),
    ("$XDG_CONFIG_HOME/plenary/personas/*.md", "The user's personas."),
    ("$XDG_CONFIG_HOME/plenary/themes/NAME.toml", "The user's themes."),
    (
        "./.plenary/config.toml",
        "The project's configuration: providers, models, panels and settings of personas. Not used unless the folder's \
         content is trusted; see plenary trust.",
    ),
    (
        "./.plenary/personas/*.md",
        "The project's personas. Not used unless the folder's content is trusted.",
    ),
    ("./.plenary/context.md", "The project's context, for exports. Not used unless it is trusted."),
    (
        "$XDG_DATA_HOME/plenary/trust.toml",
        "Which contents of which project folders are trusted, by SHA-256. plenary trust list shows them.",
    ),
    ("$XDG_DATA_HOME/plenary/plenary.db", "All sessions, in SQLite format."),
    ("$XDG_DATA_HOME/plenary/models/", "Model files of local models, and partial downloads."),
    (
        "$XDG_STATE_HOME/plenary/plenary.log",
        "The log. It is written only if PLENARY_LOG or RUST_LOG is set, and has at most 4 MiB: of a full one, the last \
         quarter is kept.",
    ),
    (
        "$XDG_STATE_HOME/plenary/copied.md",
        "The last copied text that was too large for the clipboard.",
    ),
    (
        "$XDG_CACHE_HOME/plenary/",
        "Converted weights and prompt prefixes of local models. The folder can be deleted at any time.",
    ),
];

/// Environment variables that the program reads, and what they do.
pub(super) const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "PLENARY_MODEL",
        "Model that answers, as PROVIDER:MODEL. Overrides model in configuration files; --model overrides it.",
    ),
    (
        "PLENARY_PANEL",
        "Panel to ask. Overrides panel in configuration files; --panel overrides it.",
    ),
    (
        "PLENARY_THEME",
        "Theme of the screen. Overrides theme in configuration files; --theme overrides it.",
    ),
    (
        "PLENARY_CONFIG",
        "Configuration file to read instead of the user's and the project's. --config overrides it.",
    ),
    (
        "PLENARY_LOG, RUST_LOG",
        "Log filter: 1, a level (error, warn, info, debug, trace), or levels of layers, such as \
         plenary::provider=trace,plenary::store=debug. The first variable that is set is used. The log contains no \
         question, no answer and no key; libraries log warnings alone.",
    ),
    (
        "OPENAI_API_KEY, OPENROUTER_API_KEY, GROQ_API_KEY, MISTRAL_API_KEY, DEEPSEEK_API_KEY",
        "API keys of the built-in providers. The key of another provider is in the variable that key_env names in its \
         configuration.",
    ),
    (
        "ANTHROPIC_API_KEY, GEMINI_API_KEY",
        "Not used by this version; plenary doctor reports them if they are set.",
    ),
    (
        "ANTHROPIC_AUTH_TOKEN, HF_TOKEN",
        "Not used. Like every variable whose name ends with _KEY (except those of AWS), they are removed from the \
         environment of a key_cmd.",
    ),
    ("OPENAI_BASE_URL", "Base URL of the provider openai, instead of https://api.openai.com/v1."),
    ("OLLAMA_HOST", "Host and port of the provider ollama, instead of 127.0.0.1:11434."),
    ("HF_ENDPOINT", "Mirror to download model files from, instead of https://huggingface.co."),
    (
        "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY",
        "Proxies for requests to providers and for downloads, and hosts without a proxy; the names in lower case work \
         too. A value that is no address is an error, unless the host is in NO_PROXY. Servers on this computer are \
         reached directly.",
    ),
    ("REQUEST_METHOD", "If set, as in a CGI script, no proxy is used."),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "Certificates of the authorities to trust on Linux, instead of the system's.",
    ),
    (
        "VISUAL, EDITOR",
        "Editor for questions and answers. The first variable that is set is used, else vi.",
    ),
    ("NO_COLOR", "If set to any value but an empty one, the output has no colours."),
    (
        "TERM, COLORTERM",
        "Terminal type, and the number of its colours. TERM=dumb cannot show the screen: use plenary ask.",
    ),
    (
        "COLORFGBG",
        "Colours of the terminal, for the theme auto if the terminal does not answer the query for its background.",
    ),
    ("TMUX", "If set, text is copied through tmux."),
    ("SSH_CONNECTION", "If set, plenary doctor mentions it."),
    ("PATH", "Folders of the programs that plenary runs: the editor, tmux, pip, and a key_cmd."),
    (
        "CANDLE_NUM_THREADS",
        "Number of threads in the pool of the library for local models. plenary sets it to 1 if it is unset and uses \
         its own threads.",
    ),
    (
        "HOME, XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME, XDG_CACHE_HOME",
        "Folders of the files above. Without the XDG variables these are .config, .local/share, .local/state and \
         .cache in the home folder. Relative folders are ignored.",
    ),
];

/// Returns the notes at the end of `plenary --help`.
pub(super) fn program_help_notes() -> String {
    let mut notes = "Environment:\n".to_owned();
    for (name, text) in ENVIRONMENT.iter().filter(|(name, _)| name.starts_with("PLENARY_")) {
        let name = name.split(',').next().unwrap_or_default();
        // The first sentence is enough here.
        let text = text.split_once(". ").map_or(*text, |(first, _)| first).trim_end_matches('.');
        // Writing to a string never fails.
        let _ = writeln!(notes, "  {name:<15} {text}");
    }
    notes
        .push_str("\n`plenary man` also lists files, all environment variables and exit statuses.");
    notes
}

/// Returns the notes at the end of `plenary ask --help`.
pub(super) fn ask_help_notes() -> String {
    let lines = ASK.iter().map(|(code, meaning)| format!("\n  {code:>3}  {meaning}"));
    format!("Exit status:{}", lines.collect::<String>())
}
