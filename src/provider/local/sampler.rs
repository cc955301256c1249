//! The next token of a model's logits: penalty, top-k, top-p, min-p, temperature, in llama.cpp's order.
//!
//! The defaults are those with which small models did not loop. Knows no text; what may not come is the caller's to
//! say. The engine has one for each run and calls it once a token, so it never sorts a whole vocabulary.

use std::cmp::Ordering;

/// How tokens are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sampling {
    /// 0 or less takes the likeliest.
    pub(super) temperature: f32,
    /// So many of the likeliest stay; 0 keeps all.
    pub(super) top_k: usize,
    /// The likeliest stay whose probabilities reach this together; 1 keeps all.
    pub(super) top_p: f32,
    /// Those stay that are at least this part as likely as the likeliest; 0 keeps all.
    pub(super) min_p: f32,
    /// What stood among the last tokens becomes less likely by this factor; 1 changes nothing.
    pub(super) penalty: f32,
    /// How many of the last tokens of the answer the penalty looks at.
    pub(super) window: usize,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 0.4, top_k: 40, top_p: 0.9, min_p: 0.05, penalty: 1.1, window: 256 }
    }
}

/// Draws the tokens of one answer.
pub(super) struct Sampler {
    sampling: Sampling,
    random: fastrand::Rng,
    candidates: Vec<Candidate>,
    seen: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    logit: f32,
    id: u32,
}

impl Sampler {
    /// The same seed, settings and logits give the same tokens.
    pub(super) fn new(sampling: Sampling, seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self { sampling, random, candidates: Vec::new(), seen: Vec::new() }
    }

    /// The next token, or nothing if no logit is a number or all are banned.
    ///
    /// `recent` are the tokens of the answer so far. `logits` are changed. A logit that is not finite counts as banned.
    pub(super) fn sample(
        &mut self,
        logits: &mut [f32],
        recent: &[u32],
        banned: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        self.penalise(logits, recent);
        let greedy = self.sampling.temperature.is_nan() || self.sampling.temperature <= 0.0;
        self.choose(logits, if greedy { 1 } else { self.sampling.top_k }, banned);
        if greedy {
            return self.candidates.first().map(|c| c.id);
        }
        self.narrow();
        self.draw()
    }

    fn penalise(&mut self, logits: &mut [f32], recent: &[u32]) {
        let penalty = self.sampling.penalty;
        if !penalty.is_finite() || penalty <= 0.0 {
            return;
        }
        let from = recent.len().saturating_sub(self.sampling.window);
        self.seen.clear();
        self.seen.extend_from_slice(recent.get(from..).unwrap_or_default());
        self.seen.sort_unstable();
        self.seen.dedup();
        for id in &self.seen {
            let Some(logit) = usize::try_from(*id).ok().and_then(|at| logits.get_mut(at)) else {
                continue;
            };
            *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
        }
    }

    /// Leaves the `most` likeliest in `candidates`, the likeliest first. `banned` is asked of few: it may be slow.
    fn choose(&mut self, logits: &[f32], most: usize, banned: impl Fn(u32) -> bool) {
        let most = if most == 0 { logits.len() } else { most };
        let full = most.saturating_mul(4).max(256);
        let found = &mut self.candidates;
        found.clear();
        let mut least = f32::NEG_INFINITY;
        for (id, &logit) in (0u32..).zip(logits) {
            if !logit.is_finite() || logit < least || banned(id) {
                continue;
            }
            found.push(Candidate { logit, id });
            if found.len() == full {
                keep(found, most);
                least = found.iter().map(|c| c.logit).fold(f32::INFINITY, f32::min);
            }
        }
        keep(found, most);
        found.sort_unstable_by(|a, b| likelier(*a, *b));
    }

    /// Takes away what top-p and min-p leave out.
    fn narrow(&mut self) {
        let Some(&Candidate { logit: highest, .. }) = self.candidates.first() else { return };
        let weight = |c: &Candidate| f64::from(c.logit - highest).exp();
        let Sampling { top_p, min_p, .. } = self.sampling;
        if top_p < 1.0 {
            let all: f64 = self.candidates.iter().map(weight).sum();
            let mut sum = 0.0;
            let kept = self.candidates.iter().take_while(|c| {
                let more = sum < f64::from(top_p) * all;
                sum += weight(c);
                more
            });
            let kept = kept.count().max(1);
            self.candidates.truncate(kept);
        }
        if min_p > 0.0 {
            let kept = self.candidates.iter().take_while(|c| weight(c) >= f64::from(min_p)).count();
            self.candidates.truncate(kept.max(1));
        }
    }

    fn draw(&mut self) -> Option<u32> {
        let highest = self.candidates.first()?.logit;
        let temperature = f64::from(self.sampling.temperature);
        let weight = |c: &Candidate| (f64::from(c.logit - highest) / temperature).exp();
        let all: f64 = self.candidates.iter().map(weight).sum();
        let mut point = self.random.f64() * all;
        for candidate in &self.candidates {
            point -= weight(candidate);
            if point < 0.0 {
                return Some(candidate.id);
            }
        }
        self.candidates.first().map(|c| c.id) // rounding
    }
}

/// Leaves the `most` likeliest, in any order.
fn keep(found: &mut Vec<Candidate>, most: usize) {
    if found.len() > most && most > 0 {
        found.select_nth_unstable_by(most - 1, |a, b| likelier(*a, *b));
        found.truncate(most);
    }
}

/// The likelier first; of equals that with the lower id, so that the order is the same everywhere.
fn likelier(a: Candidate, b: Candidate) -> Ordering {
    b.logit.total_cmp(&a.logit).then(a.id.cmp(&b.id))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Sampling =
        Sampling { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0, penalty: 1.0, window: 256 };

    /// How often each token came in a thousand draws.
    fn counts(sampling: Sampling, logits: &[f32], recent: &[u32]) -> Vec<usize> {
        let mut sampler = Sampler::new(sampling, 7);
        let mut counts = vec![0; logits.len()];
        for _ in 0..1000 {
            let id = sampler.sample(&mut logits.to_vec(), recent, |_| false).unwrap();
            counts[id as usize] += 1;
        }
        counts
    }

    fn one(sampling: Sampling, logits: &[f32], recent: &[u32]) -> Option<u32> {
        Sampler::new(sampling, 1).sample(&mut logits.to_vec(), recent, |_| false)
    }

    #[test]
    fn without_a_temperature_the_likeliest_is_taken() {
        for temperature in [0.0, -1.0, f32::NAN] {
            let greedy = Sampling { temperature, ..PLAIN };
            assert_eq!(one(greedy, &[1.0, 3.0, 2.0, 3.0], &[]), Some(1), "the first of equals");
        }
    }

    #[test]
    fn a_temperature_draws_by_likelihood() {
        let logits = [2f32.ln(), 7f32.ln(), 0.0]; // 2 : 7 : 1
        let drawn = counts(PLAIN, &logits, &[]);
        assert!((150..250).contains(&drawn[0]) && (650..750).contains(&drawn[1]), "{drawn:?}");
        let cold = counts(Sampling { temperature: 0.5, ..PLAIN }, &logits, &[]); // 4 : 49 : 1
        assert!((860..950).contains(&cold[1]) && cold[2] > 0, "{cold:?}");
    }

    #[test]
    fn each_limit_leaves_out_the_unlikely() {
        let logits = [0.5f32.ln(), 0.3f32.ln(), 0.15f32.ln(), 0.05f32.ln()];
        let kept = |sampling| -> Vec<bool> {
            counts(sampling, &logits, &[]).into_iter().map(|count| count > 0).collect()
        };
        assert_eq!(kept(PLAIN), [true; 4]);
        assert_eq!(kept(Sampling { top_k: 2, ..PLAIN }), [true, true, false, false]);
        assert_eq!(kept(Sampling { top_p: 0.79, ..PLAIN }), [true, true, false, false]);
        assert_eq!(kept(Sampling { top_p: 0.81, ..PLAIN }), [true, true, true, false]);
        assert_eq!(kept(Sampling { top_p: 0.0, ..PLAIN }), [true, false, false, false]);
        assert_eq!(kept(Sampling { min_p: 0.2, ..PLAIN }), [true, true, true, false]);
        assert_eq!(kept(Sampling { min_p: 9.0, ..PLAIN }), [true, false, false, false]);
    }

    #[test]
    fn what_came_lately_is_less_likely() {
        let greedy = Sampling { temperature: 0.0, penalty: 1.5, window: 2, ..PLAIN };
        assert_eq!(one(greedy, &[3.0, 2.5, -1.0], &[]), Some(0));
        assert_eq!(one(greedy, &[3.0, 2.5, -1.0], &[0, 0, 0]), Some(1), "once, however often");
        assert_eq!(
            one(greedy, &[3.0, 2.5, -1.0], &[0, 9, 7]),
            Some(0),
            "too long ago; unknown ids"
        );
        assert_eq!(one(greedy, &[-1.0, -1.2, -9.0], &[0]), Some(1), "below zero too");
    }

    #[test]
    fn what_is_banned_or_no_number_never_comes() {
        let logits = [f32::NAN, f32::INFINITY, 9.0, 1.0, f32::NEG_INFINITY];
        for sampling in [Sampling::default(), Sampling { temperature: 0.0, ..PLAIN }] {
            let mut sampler = Sampler::new(sampling, 3);
            let mut sample = |banned: &dyn Fn(u32) -> bool| {
                sampler.sample(&mut logits.to_vec(), &[0, 1, 4], banned)
            };
            assert_eq!(sample(&|_| false), Some(2));
            assert_eq!(sample(&|id| id == 2), Some(3));
            assert_eq!(sample(&|id| id > 1), None);
            assert_eq!(one(sampling, &[f32::NAN; 3], &[]), None);
            assert_eq!(one(sampling, &[], &[]), None);
        }
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let logits: Vec<f32> = (0..500u16).map(|at| (f32::from(at) * 0.7).sin()).collect();
        let draw = |seed| -> Vec<u32> {
            let mut sampler = Sampler::new(Sampling::default(), seed);
            (0..20).filter_map(|_| sampler.sample(&mut logits.clone(), &[], |_| false)).collect()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    proptest! {
        #[test]
        fn the_likeliest_of_many_are_found_without_sorting_all(
            mut logits in proptest::collection::vec(-5i8..5, 1..2000),
            top_k in 1usize..60,
            odd: u32,
        ) {
            let logits: Vec<f32> = logits.drain(..).map(f32::from).collect();
            let banned = |id: u32| id % 3 == odd % 3;
            let mut sampler = Sampler::new(PLAIN, 1);
            sampler.choose(&logits, top_k, banned);
            let mut expected: Vec<(f32, u32)> =
                logits.iter().copied().zip(0u32..).filter(|(_, id)| !banned(*id)).collect();
            expected.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            expected.truncate(top_k);
            let found: Vec<(f32, u32)> = sampler.candidates.iter().map(|c| (c.logit, c.id)).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_logits_and_settings_give_a_token_that_may_come(
            logits in proptest::collection::vec(any::<f32>(), 0..300),
            recent in proptest::collection::vec(0u32..400, 0..20),
            (temperature, top_p, min_p, penalty) in any::<(f32, f32, f32, f32)>(),
            (top_k, window) in (0usize..50, 0usize..50),
        ) {
            let sampling = Sampling { temperature, top_k, top_p, min_p, penalty, window };
            let mut sampler = Sampler::new(sampling, 1);
            let drawn = sampler.sample(&mut logits.clone(), &recent, |id| id % 2 == 0);
            if let Some(id) = drawn {
                prop_assert!(id % 2 == 1 && logits[id as usize].is_finite());
            }
        }
    }
}
