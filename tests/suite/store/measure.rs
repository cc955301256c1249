//! Measurements, not tests: `cargo test --locked -- --ignored --nocapture store::measure`. They print and judge
//! nothing, as a machine may be busy. `PLENARY_SESSIONS` says how many sessions are made, `PLENARY_WORDS` how many words
//! each of their four answers has.

use super::*;

/// A number from the environment.
fn number(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

fn percentile(mut times: Vec<Duration>, percent: usize) -> Duration {
    times.sort();
    times[(times.len() - 1) * percent / 100]
}

/// Ten thousand words of which few are frequent, as in a language.
fn words(rng: &mut fastrand::Rng, count: usize) -> String {
    const FREQUENT: [&str; 12] = [
        "the", "database", "latency", "region", "replica", "cost", "risk", "deploy", "cluster",
        "edge", "node", "failover",
    ];
    let mut text = String::new();
    for _ in 0..count {
        let magnitude = rng.u32(0..14);
        let rank = rng.usize(0..1 << magnitude);
        if let Some(word) = FREQUENT.get(rank) {
            text.push_str(word);
        } else {
            let mut number = rank * 7_919 % 160_000;
            for _ in 0..4 {
                text.push(char::from(b"bcdfghklmnprstvw"[number % 16]));
                text.push(char::from(b"aeiou"[number % 5]));
                number /= 16;
            }
        }
        text.push(' ');
    }
    text
}

#[test]
#[ignore = "a measurement"]
fn triage_key() {
    let (_home, path) = home();
    let store = Store::open(&path);
    store.write(turn(SESSION, 1, vec![new_run(1, "infra")]));
    store.write(append(1, &"text ".repeat(1_000)));
    store.write(ended(1, Ending::Done));
    let spans: Vec<(usize, usize)> = (0..42).map(|n| (n * 10, n * 10 + 9)).collect();
    store.write(extracted(1, &spans));
    store.flush();
    let mut times = Vec::new();
    for number in 0..500 {
        let span = usize::try_from(number).unwrap() % 42 * 10;
        let after = decided(Decision::ALL[usize::try_from(number).unwrap() % 3]);
        let step = edited(number, 1, span..span + 9, Verdict::default(), after);
        let begun = Instant::now();
        assert!(store.write_now(step, Duration::from_mins(1)));
        times.push(begun.elapsed());
        // As a person would.
        std::thread::park_timeout(Duration::from_millis(10));
    }
    let [half, most, worst] = [50, 99, 100].map(|percent| percentile(times.clone(), percent));
    println!("a key of triage: p50 {half:?}, p99 {most:?}, worst {worst:?}");
}

#[test]
#[ignore = "a measurement"]
fn end_of_an_answer() {
    let (_home, path) = home();
    let store = Store::open(&path);
    let mut rng = fastrand::Rng::with_seed(1);
    store.flush();
    for (at, (what, count, word)) in (1..).zip([
        ("5 kB", 700, ""),
        ("5 kB with one dash", 700, "–"),
        ("5 kB of it", 700, "設計"),
        ("200 kB", 28_000, ""),
        ("200 kB with one dash", 28_000, "–"),
        ("2 MB", 280_000, ""),
        ("2 MB with one dash", 280_000, "–"),
    ]) {
        let text = words(&mut rng, count) + word;
        store.write(turn(SessionId::from_number(at), at, vec![new_run(at, "infra")]));
        store.write(append(at, &text));
        store.flush();
        let begun = Instant::now();
        assert!(store.write_now(ended(at, Ending::Done), Duration::from_mins(1)));
        println!("the end of an answer of {what}: {:?}", begun.elapsed());
        let begun = Instant::now();
        assert!(store.write_now(extracted(at, &[(0, 1)]), Duration::from_mins(1)));
        println!("  its recommendations: {:?}", begun.elapsed());
    }
}

/// Sessions of one question and four answers, as the first version wrote them; how many bytes of answers.
fn fill(conn: &Connection, sessions: i64) -> usize {
    let mut rng = fastrand::Rng::with_seed(1);
    let count = number("PLENARY_WORDS", 120) as usize;
    let mut bytes = 0;
    conn.execute_batch("BEGIN").unwrap();
    for n in 10..sessions + 10 {
        conn.prepare_cached(
            "INSERT INTO session (seq, id, title, panel, created_at, updated_at) \
             VALUES (?1, ?2, ?3, 'p', ?1, ?1)",
        )
        .unwrap()
        .execute((n, format!("{:032x}", n << 40), words(&mut rng, 8)))
        .unwrap();
        conn.prepare_cached(
            "INSERT INTO turn (seq, id, session, question, asked_at) VALUES (?1, ?2, ?1, ?3, 1)",
        )
        .unwrap()
        .execute((n, format!("{n:032x}"), words(&mut rng, 30)))
        .unwrap();
        for k in 0..4 {
            let text = words(&mut rng, count);
            bytes += text.len();
            conn.prepare_cached(
                "INSERT INTO run (id, turn, persona, persona_name, view, model, state, text, started_at) \
                 VALUES (?1, ?2, ?3, 'Kai', '', 'm:x', 'done', ?4, 1)",
            )
            .unwrap()
            .execute((format!("{:032x}", n << 8 | k), n, format!("p{k}"), text))
            .unwrap();
        }
    }
    conn.execute_batch("COMMIT; PRAGMA wal_checkpoint (TRUNCATE)").unwrap();
    bytes
}

fn time<T>(what: &str, done: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let value = done();
    println!("{what}: {:?}", begun.elapsed());
    value
}

#[test]
#[ignore = "a measurement"]
fn hundred_thousand_sessions() {
    let sessions = number("PLENARY_SESSIONS", 100_000);
    let (_home, path) = home();
    let conn = super::migration::old_store(&path);
    let bytes = time("made", || fill(&conn, i64::from(sessions)));
    drop(conn);
    let size = || fs::metadata(&path).unwrap().len() >> 20;
    println!("{sessions} sessions, {} MB of answers, {} MB", bytes >> 20, size());
    time("brought up to date", || {
        let store = Store::open(&path);
        while store.list_sessions(1).is_err() {}
    });
    println!("then {} MB", size());
    let store = Store::open(&path);
    time("open and list 20", || store.list_sessions(20).unwrap());
    time("list all", || store.list_sessions(usize::MAX).unwrap());
    for typed in [
        "database",
        "the",
        "t",
        "da",
        "database latency failover",
        "the region cost",
        "bacaba",
        "zzz",
        "設計",
        "replica zzz",
        "eu-central-1",
    ] {
        store.search_sessions(typed, 20).unwrap();
        let begun = Instant::now();
        let hits = store.search_sessions(typed, 20).unwrap().len();
        println!("search {typed:28} {hits:3} hits, {:?}", begun.elapsed());
    }
    let id = |n: u32| SessionId::from_number(u128::from(n) << 40);
    time("delete, the file packed", || store.delete_session(id(sessions / 2)).unwrap());
    time("delete another", || store.delete_session(id(sessions / 2 + 1)).unwrap());
}
