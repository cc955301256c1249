//! Which model answers for each persona, and why that one.
//!
//! `--model`, then the persona's own, then the panel's, then the configuration's, then the first that is there
//! (`presets.toml`, `[[automatic]]`). A persona for which nothing is found gets words that say what to do;
//! only a wrong word of the command line or of a file is an error of the whole configuration.

use std::collections::BTreeMap;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use super::layers::Machine;
use super::presets::Automatic;
use super::{ConfigError, ModelChoice, Origin, local};
use crate::domain::{ModelRef, Panel, Persona, PersonaId, ProviderSpec};
use crate::text::did_you_mean;

/// How long the probe of a local server may take in all.
const PROBE: Duration = Duration::from_millis(100);

/// Which model answers for whom; the error says what to do.
pub(super) type Choices = BTreeMap<PersonaId, Result<ModelChoice, String>>;

/// What the choice is made from.
pub(super) struct Choosing<'a> {
    /// The providers.
    pub(super) providers: &'a BTreeMap<String, ProviderSpec>,
    /// The automatic choice, first to last.
    pub(super) automatic: &'a [Automatic],
    /// The environment.
    pub(super) machine: &'a Machine,
    /// Where to write a model's name: the user's `config.toml`.
    pub(super) config_file: String,
}

/// What somebody said about models.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// `--model`
    pub(super) flag: Option<String>,
    /// `model` of the files or the environment, and where it stands.
    pub(super) top: Option<(Origin, String)>,
    /// Where the panel's model stands.
    pub(super) panel: String,
    /// Where a persona's model stands, when a file overrides its front matter.
    pub(super) personas: BTreeMap<PersonaId, String>,
}

impl Choosing<'_> {
    /// Reads `PROVIDER:MODEL`, or the name of a provider that has a default model.
    pub(super) fn read(&self, text: &str) -> Result<ModelRef, String> {
        let text = text.trim();
        let model = match ModelRef::parse(text) {
            Ok(model) => model,
            Err(_) if self.providers.contains_key(text) => {
                ModelRef { provider: text.to_owned(), model: String::new() }
            }
            Err(e) => return Err(format!("{e}; providers: {}", self.names())),
        };
        self.complete(model)
    }

    /// Checks that the provider is known, and puts its default model in place of none.
    fn complete(&self, mut model: ModelRef) -> Result<ModelRef, String> {
        let Some(spec) = self.providers.get(&model.provider) else {
            let name: String = model.provider.escape_debug().take(80).collect();
            if self.automatic.iter().any(|step| step.provider == name) {
                return Err(format!(
                    "this version cannot speak to {name} yet; its models answer through openrouter, \
                     or through any provider of your own with kind = \"openai\""
                ));
            }
            let hint = did_you_mean(&name, self.providers.keys().map(String::as_str));
            return Err(format!("there is no provider \"{name}\"{hint} (known: {})", self.names()));
        };
        if spec.local.is_some() && !local::BUILT_IN {
            return Err(format!("{}: {}", spec.name, local::NOT_BUILT_IN));
        }
        if model.model.is_empty() {
            let name = &spec.name;
            model.model = spec.default_model.clone().ok_or_else(|| {
                format!(
                    "{name} has no default model; write {name}:MODEL, or model = \"MODEL\" in \
                     [providers.{name}] (`plenary model list` shows what it offers)"
                )
            })?;
        } else if let Some(of) = &spec.local {
            model.model = local::resolve(of, &model.model, self.machine)?;
        }
        Ok(model)
    }

    fn names(&self) -> String {
        self.providers.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Chooses for every persona.
    pub(super) fn choose(
        &self,
        personas: &[Arc<Persona>],
        panel: &Panel,
        said: &Said,
    ) -> Result<Choices, ConfigError> {
        let read = |origin: &Origin, text: &str| {
            let model = self.read(text).map_err(|e| ConfigError(format!("{origin}: {e}")))?;
            Ok(ModelChoice { model, why: origin.short() })
        };
        let by_flag = Origin::Flag("--model");
        let flag = said.flag.as_deref().map(|text| read(&by_flag, text)).transpose()?;
        let top = said.top.as_ref().map(|(origin, text)| read(origin, text)).transpose()?;
        let of_panel =
            panel.model.clone().map(|model| ModelChoice { model, why: said.panel.clone() });
        let common = of_panel.or(top);
        let mut first_there: Option<Result<ModelChoice, String>> = None;
        let mut choices = Choices::new();
        for persona in personas {
            let choice = match (&flag, &persona.model, &common) {
                (Some(flag), _, _) => Ok(flag.clone()),
                (None, Some(own), _) => self.own(persona, own, said),
                (None, None, Some(common)) => Ok(common.clone()),
                (None, None, None) => first_there.get_or_insert_with(|| self.first()).clone(),
            };
            choices.insert(persona.id.clone(), choice);
        }
        Ok(choices)
    }

    fn own(&self, persona: &Persona, own: &ModelRef, said: &Said) -> Result<ModelChoice, String> {
        let in_file = || format!("its own file ({})", persona.source);
        let why = said.personas.get(&persona.id).cloned().unwrap_or_else(in_file);
        match self.complete(own.clone()) {
            Ok(model) => Ok(ModelChoice { model, why }),
            Err(e) => Err(format!("{}: model \"{own}\" of {why}: {e}", persona.id)),
        }
    }

    /// The first that is there.
    fn first(&self) -> Result<ModelChoice, String> {
        let mut server = None;
        for step in self.automatic {
            let Some(spec) = self.providers.get(&step.provider) else { continue };
            let name = &step.provider;
            let why = match &step.env {
                Some(var) if self.machine.var(var).is_some() => format!("{var} is set"),
                None if step.running && is_running(&spec.base_url) => {
                    format!("{name} answers at {}", spec.base_url)
                }
                None if step.built_in && local::BUILT_IN => in_this_program(server.as_ref()),
                _ => continue,
            };
            match &spec.default_model {
                Some(model) => {
                    let model = ModelRef { provider: name.clone(), model: model.clone() };
                    return Ok(ModelChoice { model, why });
                }
                None => server = server.or(Some((name, why))),
            }
        }
        let file = &self.config_file;
        Err(match server {
            Some((name, why)) => format!(
                "{why}, but nothing says which of its models to ask: write model = \"{name}:NAME\" in \
                 {file}, or --model {name}:NAME (`plenary model list` shows the names)"
            ),
            None => format!(
                "nothing says which model answers: export OPENAI_API_KEY=… or OPENROUTER_API_KEY=…, or \
                 start a local server (`ollama serve`) and write model = \"ollama:NAME\" in {file}; \
                 `plenary doctor` shows what was looked for"
            ),
        })
    }

    /// What the automatic choice passes over although it is there.
    pub(super) fn skipped(&self) -> Vec<String> {
        let unknown = |step: &&Automatic| !self.providers.contains_key(&step.provider);
        let said = |step: &Automatic| {
            let var = step.env.as_deref().filter(|var| self.machine.var(var).is_some())?;
            let name = &step.provider;
            Some(format!(
                "{var} is set, but this version cannot speak to {name} yet; its models answer through \
                 openrouter (OPENROUTER_API_KEY)"
            ))
        };
        self.automatic.iter().filter(unknown).filter_map(said).collect()
    }
}

/// Why the model in this program answers: nothing else is there, or a server whose models nobody named.
fn in_this_program(server: Option<&(&String, String)>) -> String {
    let why = match server {
        Some((_, there)) => format!("{there}, but nothing says which of its models to ask"),
        None => "no key and no server is set up".to_owned(),
    };
    format!("{why}: the model that runs in this program")
}

/// True when something accepts connections at `base_url`. Looking up a name can hang, so that the whole
/// attempt has its limit on a thread of its own.
pub(crate) fn is_running(base_url: &str) -> bool {
    let Some((scheme, rest)) = base_url.split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
    let default_port = if scheme == "https" { 443 } else { 80 };
    let address =
        if has_port { authority.to_owned() } else { format!("{authority}:{default_port}") };
    let (done, wait) = mpsc::sync_channel(1);
    let probe = move || {
        let connect = |at| TcpStream::connect_timeout(&at, PROBE).is_ok();
        let there = address.to_socket_addrs().is_ok_and(|mut all| all.any(connect));
        // The asker may have given up; then nobody wants to know.
        done.try_send(there).unwrap_or_default();
    };
    let started = std::thread::Builder::new().name("probe".to_owned()).spawn(probe);
    started.is_ok() && wait.recv_timeout(PROBE).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_tells_a_server_from_none_and_never_waits_long() {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", server.local_addr().unwrap());
        assert!(is_running(&url));
        drop(server);
        assert!(!is_running(&url));
        for nonsense in ["", "http://", "http://:::", "x", "http://no.such.host.invalid/v1"] {
            assert!(!is_running(nonsense), "{nonsense}");
        }
    }
}
