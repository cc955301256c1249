//! Which model answers for each persona, and why.
//!
//! `--model`, then `PLENARY_MODEL`, then the persona's own model, then the panel's, then that of the files, then the first
//! available provider (`presets.toml`, `[[automatic]]`). A persona without a model gets a message that says what to do; only
//! an invalid model of a flag, a variable or a file is an error of the whole configuration.

use std::collections::BTreeMap;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use super::presets::AutomaticStep;
use super::project::names_model_file;
use super::value::ConfigNode;
use super::{ConfigError, Environment, ModelChoice, ModelError, Origin, local_provider};
use crate::domain::{ModelRef, Panel, Persona, PersonaId, PersonaSource, ProviderSpec};
use crate::text::did_you_mean;

/// Longest time that the probe of a local server takes.
const PROBE_TIMEOUT: Duration = Duration::from_millis(100);

/// The model of each persona, or what to do to get one.
pub(super) type ModelChoices = BTreeMap<PersonaId, Result<ModelChoice, ModelError>>;

/// What the choice is made from.
pub(super) struct ModelChooser<'a> {
    /// The providers.
    pub(super) providers: &'a BTreeMap<String, ProviderSpec>,
    /// The automatic choice, first to last.
    pub(super) automatic: &'a [AutomaticStep],
    /// Variables and folders.
    pub(super) environment: &'a Environment,
    /// The merged configuration.
    pub(super) root: &'a ConfigNode,
    /// The file in which a model can be set.
    pub(super) config_file: String,
}

/// The model of the top-level key `model`.
struct TopModel {
    choice: ModelChoice,
    /// Set by `--model` or `PLENARY_MODEL`, which override personas and panels.
    overrides_files: bool,
}

impl ModelChooser<'_> {
    /// Reads `PROVIDER:MODEL`, or the name of a provider that has a default model.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub(super) fn read_model(&self, text: &str) -> Result<ModelRef, ModelError> {
        let text = text.trim();
        let model = match ModelRef::parse(text) {
            Ok(model) => model,
            Err(_) if self.providers.contains_key(text) => {
                ModelRef { provider: text.to_owned(), model: String::new() }
            }
            Err(error) => {
                let providers = self.provider_names();
                return Err(ModelError::Syntax { error, providers });
            }
        };
        self.complete_model(model)
    }

    /// Checks that the provider is known, and fills in its default model.
    fn complete_model(&self, mut model: ModelRef) -> Result<ModelRef, ModelError> {
        let Some(spec) = self.providers.get(&model.provider) else {
            let name: String = model.provider.escape_debug().take(80).collect();
            if self.automatic.iter().any(|step| step.provider == name) {
                return Err(ModelError::NoWire(name));
            }
            let hint = did_you_mean(&name, self.providers.keys().map(String::as_str));
            let known = self.provider_names();
            return Err(ModelError::UnknownProvider { name, hint, known });
        };
        if spec.local.is_some() && !local_provider::BUILT_IN {
            return Err(ModelError::NotBuiltIn(spec.name.clone()));
        }
        if model.model.is_empty() {
            let default = spec.default_model.clone();
            model.model = default.ok_or_else(|| ModelError::NoDefault(spec.name.clone()))?;
        } else if let Some(local) = &spec.local {
            model.model = local_provider::resolve_model(local, &model.model, self.environment)?;
        }
        Ok(model)
    }

    fn provider_names(&self) -> String {
        self.providers.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// Chooses the model of every persona.
    ///
    /// # Errors
    /// The top-level model is invalid.
    pub(super) fn choose(
        &self,
        personas: &[Arc<Persona>],
        panel: &Panel,
    ) -> Result<ModelChoices, ConfigError> {
        let top = self.top_model()?;
        let (override_choice, top) = match top {
            Some(top) if top.overrides_files => (Some(top.choice), None),
            top => (None, top.map(|top| top.choice)),
        };
        let of_panel = panel.model.clone().map(|model| {
            let origin = self.root.origin_of(&["panels", &panel.name, "model"]);
            ModelChoice { model, why: origin.map(|o| o.to_short()).unwrap_or_default() }
        });
        let common = of_panel.or(top);
        let mut automatic: Option<Result<ModelChoice, ModelError>> = None;
        let choose = |persona: &Arc<Persona>| {
            let choice = match (&override_choice, &persona.model, &common) {
                (Some(choice), _, _) => Ok(choice.clone()),
                (None, Some(own), _) => self.choose_own(persona, own),
                (None, None, Some(common)) => Ok(common.clone()),
                (None, None, None) => {
                    automatic.get_or_insert_with(|| self.choose_automatically()).clone()
                }
            };
            (persona.id.clone(), choice)
        };
        Ok(personas.iter().map(choose).collect())
    }

    /// The model of the strongest layer that sets `model`.
    fn top_model(&self) -> Result<Option<TopModel>, ConfigError> {
        let Some(node) = self.root.find(&["model"]) else { return Ok(None) };
        let (Some(text), origin) = (node.as_str(), node.origin()) else { return Ok(None) };
        let model = self.read_model(text);
        let model = model.map_err(|e| ConfigError::new(e.to_string()).with_context(&origin))?;
        let choice = ModelChoice { model, why: origin.to_short() };
        Ok(Some(TopModel { choice, overrides_files: overrides_files(&origin) }))
    }

    /// The model of the persona's file or of `[persona.ID]`.
    fn choose_own(&self, persona: &Persona, own: &ModelRef) -> Result<ModelChoice, ModelError> {
        let origin = self.root.origin_of(&["persona", persona.id.as_str(), "model"]);
        let in_file = || format!("its own file ({})", persona.source);
        let why = origin.map_or_else(in_file, |origin| origin.to_short());
        let is_refused =
            matches!(persona.source, PersonaSource::Project(_)) && names_model_file(own, self.root);
        let model = if is_refused {
            Err(ModelError::ProjectFile)
        } else {
            self.complete_model(own.clone())
        };
        match model {
            Ok(model) => Ok(ModelChoice { model, why }),
            Err(e) => Err(ModelError::OfPersona {
                persona: persona.id.clone(),
                model: own.clone(),
                origin: why,
                error: Box::new(e),
            }),
        }
    }

    /// The first available provider.
    fn choose_automatically(&self) -> Result<ModelChoice, ModelError> {
        let mut server = None;
        for step in self.automatic {
            let Some(spec) = self.providers.get(&step.provider) else { continue };
            let name = &step.provider;
            let why = match &step.env {
                Some(var) if self.environment.var(var).is_some() => format!("{var} is set"),
                None if step.running && is_running(&spec.base_url) => {
                    format!("{name} answers at {}", spec.base_url)
                }
                None if step.built_in && local_provider::BUILT_IN => {
                    in_program_reason(server.as_ref())
                }
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
        let file = self.config_file.clone();
        Err(match server {
            Some((provider, why)) => {
                ModelError::NoModelNamed { why, provider: provider.clone(), file }
            }
            None => ModelError::NothingAvailable(file),
        })
    }

    /// Messages about keys of providers that this version cannot use.
    pub(super) fn list_skipped(&self) -> Vec<String> {
        let is_unknown = |step: &&AutomaticStep| !self.providers.contains_key(&step.provider);
        let message = |step: &AutomaticStep| {
            let var = step.env.as_deref().filter(|var| self.environment.var(var).is_some())?;
            let name = &step.provider;
            Some(format!(
                "{var} is set, but this version cannot speak to {name} yet; its models answer through \
                 openrouter (OPENROUTER_API_KEY)"
            ))
        };
        self.automatic.iter().filter(is_unknown).filter_map(message).collect()
    }
}

/// True when a top-level model from here overrides the models of personas and panels.
pub(super) fn overrides_files(origin: &Origin) -> bool {
    matches!(origin, Origin::Env(_) | Origin::Flag(_))
}

/// Why the model in this program answers: nothing else is set up, or only a server without a named model.
fn in_program_reason(server: Option<&(&String, String)>) -> String {
    let why = match server {
        Some((_, reason)) => format!("{reason}, but nothing says which of its models to ask"),
        None => "no key and no server is set up".to_owned(),
    };
    format!("{why}: the model that runs in this program")
}

/// True when a server accepts connections at `base_url`. Resolving a name can hang, so the attempt runs on a separate
/// thread and is abandoned after a tenth of a second.
pub(crate) fn is_running(base_url: &str) -> bool {
    let Some((scheme, rest)) = base_url.split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
    let default_port = if scheme == "https" { 443 } else { 80 };
    let address =
        if has_port { authority.to_owned() } else { format!("{authority}:{default_port}") };
    let (sender, receiver) = mpsc::sync_channel(1);
    let probe = move || {
        let connect = |address| TcpStream::connect_timeout(&address, PROBE_TIMEOUT).is_ok();
        let is_running = address.to_socket_addrs().is_ok_and(|mut all| all.any(connect));
        // The receiver may have given up.
        sender.try_send(is_running).unwrap_or_default();
    };
    let started = std::thread::Builder::new().name("probe".to_owned()).spawn(probe);
    started.is_ok() && receiver.recv_timeout(PROBE_TIMEOUT).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_find_running_servers_and_end_soon() {
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
