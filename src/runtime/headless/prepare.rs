//! From a configuration and a question to a state whose runs can be started.
//!
//! Sends nothing and stores nothing: the effects wait in [`PreparedAsk`].

use crate::app::{Effect, Effects, Msg, Roster, State, Submission, update};
use crate::config::Setup;
use crate::domain::{Ending, RunState};
use crate::runtime::clock::ProgramClock;
use crate::runtime::provider_pool::ProviderPool;
use crate::runtime::{model_files, roster};

/// A question with its runs, ready to be asked.
pub struct PreparedAsk {
    pub(super) state: State,
    pub(super) effects: Effects,
    pub(super) providers: ProviderPool,
}

/// Who can be asked without a screen. Nothing is downloaded: a model that is missing cannot answer.
pub fn build_headless_roster(setup: &Setup) -> Roster {
    let mut roster = roster::build_roster(setup);
    for choice in roster.models.values_mut() {
        if let Some(why) = choice
            .as_ref()
            .ok()
            .and_then(|answerer| model_files::missing_reason(setup, &answerer.model))
        {
            *choice = Err(why);
        }
    }
    roster
}

impl PreparedAsk {
    /// Prepares `submission` for the personas of `roster`, the providers of `setup`.
    pub fn new(setup: &Setup, roster: Roster, submission: Submission) -> Self {
        let mut prepared = Self {
            state: State::without_screen(roster),
            effects: Effects::new(),
            providers: ProviderPool::new(setup.providers.clone()),
        };
        let now = ProgramClock::start().now();
        for msg in [Msg::Clock(now), Msg::Submit(submission)] {
            update(&mut prepared.state, msg, &mut prepared.effects);
        }
        prepared
    }

    /// What the user should know before the question is sent.
    pub fn take_notices(&mut self) -> Vec<String> {
        let requests = self.effects.iter().filter_map(|effect| match effect {
            Effect::Ask(requests) => Some(requests),
            _ => None,
        });
        let names = requests.flatten().map(|request| request.provider.as_str());
        self.providers.take_notices(names)
    }

    /// Why no persona can be asked, each reason once; none when one can. Opens the providers.
    pub fn find_obstacles(&mut self) -> Option<String> {
        let mut reasons: Vec<String> = Vec::new();
        let requests: Vec<_> = self
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Ask(requests) => Some(requests),
                _ => None,
            })
            .flatten()
            .map(|request| (request.run, request.provider.clone()))
            .collect();
        for run in self.state.turns().iter().flat_map(|turn| &turn.runs) {
            let reason = match (&run.state, requests.iter().find(|(id, _)| *id == run.id)) {
                (RunState::Ended(Ending::Failed(why)), _) => why.clone(),
                (_, Some((_, provider))) => match self.providers.get(provider) {
                    Ok(_) => return None,
                    Err(failure) => failure.message,
                },
                _ => continue,
            };
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        Some(reasons.join("\n"))
    }
}
