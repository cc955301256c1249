//! Samples the next token from logits: repetition penalty, top-k, top-p, min-p, temperature, in llama.cpp's order.
//!
//! With the default settings, small models did not loop. Because every token is sampled here, the whole vocabulary is
//! never sorted.

use std::cmp::Ordering;

/// Settings of the sampler.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SamplingSettings {
    /// 0 or less always takes the likeliest token.
    pub(super) temperature: f32,
    /// The number of the likeliest tokens that are kept; 0 keeps all.
    pub(super) top_k: usize,
    /// The likeliest tokens that together reach this probability are kept; 1 keeps all.
    pub(super) top_p: f32,
    /// Tokens with at least this fraction of the highest probability are kept; 0 keeps all.
    pub(super) min_p: f32,
    /// The factor by which recent tokens become less likely; 1 changes nothing.
    pub(super) penalty: f32,
    /// The number of recent tokens that are penalised.
    pub(super) window: usize,
}

impl Default for SamplingSettings {
    fn default() -> Self {
        Self { temperature: 0.4, top_k: 40, top_p: 0.9, min_p: 0.05, penalty: 1.1, window: 256 }
    }
}

/// Samples the tokens of one answer.
pub(super) struct Sampler {
    settings: SamplingSettings,
    random: fastrand::Rng,
    /// The likeliest tokens of the current step, the likeliest first.
    candidates: Vec<TokenCandidate>,
    /// The recent tokens of the current step, without duplicates.
    penalised: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct TokenCandidate {
    logit: f32,
    id: u32,
}

impl Sampler {
    /// A sampler. The same seed, settings and logits give the same tokens.
    pub(super) fn new(settings: SamplingSettings, seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self { settings, random, candidates: Vec::new(), penalised: Vec::new() }
    }

    /// The next token, or none if no logit is a number or all tokens are banned.
    ///
    /// `answer` are the tokens of the answer so far. `logits` are modified. A token whose logit is not finite counts as
    /// banned.
    pub(super) fn sample_token(
        &mut self,
        logits: &mut [f32],
        answer: &[u32],
        is_banned: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        self.penalise_recent(logits, answer);
        let is_greedy = self.settings.temperature.is_nan() || self.settings.temperature <= 0.0;
        let top_k = if is_greedy { 1 } else { self.settings.top_k };
        self.find_candidates(logits, top_k, is_banned);
        if is_greedy {
            return self.candidates.first().map(|c| c.id);
        }
        self.drop_unlikely();
        self.draw_candidate()
    }

    fn penalise_recent(&mut self, logits: &mut [f32], answer: &[u32]) {
        let penalty = self.settings.penalty;
        if !penalty.is_finite() || penalty <= 0.0 {
            return;
        }
        let start = answer.len().saturating_sub(self.settings.window);
        self.penalised.clear();
        self.penalised.extend_from_slice(answer.get(start..).unwrap_or_default());
        self.penalised.sort_unstable();
        self.penalised.dedup();
        for id in &self.penalised {
            let Some(logit) = usize::try_from(*id).ok().and_then(|id| logits.get_mut(id)) else {
                continue;
            };
            *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
        }
    }

    /// Puts the `top_k` likeliest tokens into `candidates`, or all of them for 0. `is_banned` may be slow: it is called
    /// only for tokens that are likely enough.
    fn find_candidates(&mut self, logits: &[f32], top_k: usize, is_banned: impl Fn(u32) -> bool) {
        let max_count = if top_k == 0 { logits.len() } else { top_k };
        let buffer_size = max_count.saturating_mul(4).max(256);
        let found = &mut self.candidates;
        found.clear();
        let mut lowest = f32::NEG_INFINITY;
        for (id, &logit) in (0u32..).zip(logits) {
            if !logit.is_finite() || logit < lowest || is_banned(id) {
                continue;
            }
            found.push(TokenCandidate { logit, id });
            if found.len() == buffer_size {
                keep_likeliest(found, max_count);
                lowest = found.iter().map(|c| c.logit).fold(f32::INFINITY, f32::min);
            }
        }
        keep_likeliest(found, max_count);
        found.sort_unstable_by(|a, b| compare_likelihood(*a, *b));
    }

    /// Removes the candidates that top-p and min-p exclude.
    fn drop_unlikely(&mut self) {
        let Some(&TokenCandidate { logit: highest, .. }) = self.candidates.first() else { return };
        let weight = |c: &TokenCandidate| f64::from(c.logit - highest).exp();
        let SamplingSettings { top_p, min_p, .. } = self.settings;
        if top_p < 1.0 {
            let all: f64 = self.candidates.iter().map(weight).sum();
            let mut sum = 0.0;
            let kept = self.candidates.iter().take_while(|c| {
                let is_kept = sum < f64::from(top_p) * all;
                sum += weight(c);
                is_kept
            });
            let kept = kept.count().max(1);
            self.candidates.truncate(kept);
        }
        if min_p > 0.0 {
            let kept = self.candidates.iter().take_while(|c| weight(c) >= f64::from(min_p)).count();
            self.candidates.truncate(kept.max(1));
        }
    }

    fn draw_candidate(&mut self) -> Option<u32> {
        let highest = self.candidates.first()?.logit;
        let temperature = f64::from(self.settings.temperature);
        let weight = |c: &TokenCandidate| (f64::from(c.logit - highest) / temperature).exp();
        let all: f64 = self.candidates.iter().map(weight).sum();
        let mut point = self.random.f64() * all;
        for candidate in &self.candidates {
            point -= weight(candidate);
            if point < 0.0 {
                return Some(candidate.id);
            }
        }
        // Reached only through rounding.
        self.candidates.first().map(|c| c.id)
    }
}

/// Keeps the `max_count` likeliest candidates, in any order.
fn keep_likeliest(candidates: &mut Vec<TokenCandidate>, max_count: usize) {
    if candidates.len() > max_count && max_count > 0 {
        candidates.select_nth_unstable_by(max_count - 1, |a, b| compare_likelihood(*a, *b));
        candidates.truncate(max_count);
    }
}

/// Orders the likelier candidate first, and equally likely ones by id, so that the order does not depend on the
/// machine.
fn compare_likelihood(a: TokenCandidate, b: TokenCandidate) -> Ordering {
    b.logit.total_cmp(&a.logit).then(a.id.cmp(&b.id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: SamplingSettings = SamplingSettings {
        temperature: 1.0,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.0,
        penalty: 1.0,
        window: 256,
    };

    /// How often each token came in a thousand draws.
    fn count_draws(sampling: SamplingSettings, logits: &[f32], recent: &[u32]) -> Vec<usize> {
        let mut sampler = Sampler::new(sampling, 7);
        let mut counts = vec![0; logits.len()];
        for _ in 0..1000 {
            let id = sampler.sample_token(&mut logits.to_vec(), recent, |_| false).unwrap();
            counts[id as usize] += 1;
        }
        counts
    }

    fn sample_one(sampling: SamplingSettings, logits: &[f32], recent: &[u32]) -> Option<u32> {
        Sampler::new(sampling, 1).sample_token(&mut logits.to_vec(), recent, |_| false)
    }

    #[test]
    fn without_temperature_the_likeliest_token_is_taken() {
        for temperature in [0.0, -1.0, f32::NAN] {
            let greedy = SamplingSettings { temperature, ..PLAIN };
            assert_eq!(
                sample_one(greedy, &[1.0, 3.0, 2.0, 3.0], &[]),
                Some(1),
                "the first of equals"
            );
        }
    }

    #[test]
    fn temperature_draws_by_likelihood() {
        let logits = [2f32.ln(), 7f32.ln(), 0.0]; // 2 : 7 : 1
        let drawn = count_draws(PLAIN, &logits, &[]);
        assert!((150..250).contains(&drawn[0]) && (650..750).contains(&drawn[1]), "{drawn:?}");
        let cold = count_draws(SamplingSettings { temperature: 0.5, ..PLAIN }, &logits, &[]); // 4 : 49 : 1
        assert!((860..950).contains(&cold[1]) && cold[2] > 0, "{cold:?}");
    }

    #[test]
    fn each_limit_excludes_unlikely_tokens() {
        let logits = [0.5f32.ln(), 0.3f32.ln(), 0.15f32.ln(), 0.05f32.ln()];
        let kept = |sampling| -> Vec<bool> {
            count_draws(sampling, &logits, &[]).into_iter().map(|count| count > 0).collect()
        };
        assert_eq!(kept(PLAIN), [true; 4]);
        assert_eq!(kept(SamplingSettings { top_k: 2, ..PLAIN }), [true, true, false, false]);
        assert_eq!(kept(SamplingSettings { top_p: 0.79, ..PLAIN }), [true, true, false, false]);
        assert_eq!(kept(SamplingSettings { top_p: 0.81, ..PLAIN }), [true, true, true, false]);
        assert_eq!(kept(SamplingSettings { top_p: 0.0, ..PLAIN }), [true, false, false, false]);
        assert_eq!(kept(SamplingSettings { min_p: 0.2, ..PLAIN }), [true, true, true, false]);
        assert_eq!(kept(SamplingSettings { min_p: 9.0, ..PLAIN }), [true, false, false, false]);
    }

    #[test]
    fn recent_tokens_are_less_likely() {
        let greedy = SamplingSettings { temperature: 0.0, penalty: 1.5, window: 2, ..PLAIN };
        assert_eq!(sample_one(greedy, &[3.0, 2.5, -1.0], &[]), Some(0));
        assert_eq!(
            sample_one(greedy, &[3.0, 2.5, -1.0], &[0, 0, 0]),
            Some(1),
            "once, however often"
        );
        assert_eq!(
            sample_one(greedy, &[3.0, 2.5, -1.0], &[0, 9, 7]),
            Some(0),
            "too long ago; unknown ids"
        );
        assert_eq!(sample_one(greedy, &[-1.0, -1.2, -9.0], &[0]), Some(1), "below zero too");
    }

    #[test]
    fn banned_and_invalid_tokens_are_never_sampled() {
        let logits = [f32::NAN, f32::INFINITY, 9.0, 1.0, f32::NEG_INFINITY];
        for sampling in
            [SamplingSettings::default(), SamplingSettings { temperature: 0.0, ..PLAIN }]
        {
            let mut sampler = Sampler::new(sampling, 3);
            let mut sample = |is_banned: &dyn Fn(u32) -> bool| {
                sampler.sample_token(&mut logits.to_vec(), &[0, 1, 4], is_banned)
            };
            assert_eq!(sample(&|_| false), Some(2));
            assert_eq!(sample(&|id| id == 2), Some(3));
            assert_eq!(sample(&|id| id > 1), None);
            assert_eq!(sample_one(sampling, &[f32::NAN; 3], &[]), None);
            assert_eq!(sample_one(sampling, &[], &[]), None);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_tokens() {
        let logits: Vec<f32> = (0..500u16).map(|at| (f32::from(at) * 0.7).sin()).collect();
        let draw = |seed| -> Vec<u32> {
            let mut sampler = Sampler::new(SamplingSettings::default(), seed);
            (0..20)
                .filter_map(|_| sampler.sample_token(&mut logits.clone(), &[], |_| false))
                .collect()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    proptest! {
        #[test]
        fn the_likeliest_tokens_are_found_without_sorting_all(
            mut logits in proptest::collection::vec(-5i8..5, 1..2000),
            top_k in 1usize..60,
            odd: u32,
        ) {
            let logits: Vec<f32> = logits.drain(..).map(f32::from).collect();
            let banned = |id: u32| id % 3 == odd % 3;
            let mut sampler = Sampler::new(PLAIN, 1);
            sampler.find_candidates(&logits, top_k, banned);
            let mut expected: Vec<(f32, u32)> =
                logits.iter().copied().zip(0u32..).filter(|(_, id)| !banned(*id)).collect();
            expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            expected.truncate(top_k);
            let found: Vec<(f32, u32)> = sampler.candidates.iter().map(|c| (c.logit, c.id)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_logits_and_settings_give_an_allowed_token(
            logits in proptest::collection::vec(any::<f32>(), 0..300),
            recent in proptest::collection::vec(0u32..400, 0..20),
            (temperature, top_p, min_p, penalty) in any::<(f32, f32, f32, f32)>(),
            (top_k, window) in (0usize..50, 0usize..50),
        ) {
            let sampling = SamplingSettings { temperature, top_k, top_p, min_p, penalty, window };
            let mut sampler = Sampler::new(sampling, 1);
            let drawn = sampler.sample_token(&mut logits.clone(), &recent, |id| id % 2 == 0);
            if let Some(id) = drawn {
                prop_assert!(id % 2 == 1 && logits[id as usize].is_finite());
            }
        }
    }
}
