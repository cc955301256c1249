//! A file of the hub: fetched, continued where a cut left it, tried again when that may help.
//!
//! What the server says is checked as far as it can be told early (status, sizes, a web page instead of a file); whether
//! the bytes are right is decided at the end by their hash. A hub that cannot be reached at all fails at once, so that
//! the next source gets its turn. Called by `pull`.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, IF_RANGE,
    RANGE,
};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::time::{sleep, timeout};

use super::client;
use super::part::{Shared, blocking};
use super::pull::{Job, Trouble};
use crate::text::sanitize_line;

/// How long nothing may come.
const IDLE: Duration = Duration::from_mins(1);
/// The wait before a second try; doubled with every further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// How often it is tried again without getting further.
const RETRIES: u32 = 3;
/// Getting further is this part of the file: so there is an end to it, whatever a server does.
const STRIDES: u64 = 100;

/// Why one request did not bring the rest.
enum Fault {
    /// Another one would not either.
    Final(Trouble),
    /// There was no answer: the hub is not there, or the network is closed.
    Unreachable(String),
    /// It may go better next time.
    Passing(String),
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        Self::Final(trouble)
    }
}

fn refused(why: impl Into<String>) -> Fault {
    Fault::Final(Trouble::Source(why.into()))
}

/// Fetches what is missing of `part` from `url`.
pub(super) async fn fetch(job: &Job, part: &Shared, url: &Url) -> Result<(), Trouble> {
    let for_client = url.clone();
    let client = blocking(move || client::client(&for_client)).await.map_err(Trouble::Source)?;
    let mut answered = false;
    let (mut retries, mut reached) = (0, part.len());
    loop {
        let fault = match request(&client, job, part, url).await {
            Ok(()) => return Ok(()),
            Err(fault) => fault,
        };
        let why = match fault {
            Fault::Final(trouble) => return Err(trouble),
            Fault::Unreachable(why) if !answered => return Err(Trouble::Source(why)),
            Fault::Unreachable(why) => why,
            Fault::Passing(why) => {
                answered = true;
                why
            }
        };
        let (len, total) = (part.len(), job.total);
        if len > reached && len - reached >= total / STRIDES {
            (retries, reached) = (0, len);
        }
        if retries == RETRIES {
            return Err(Trouble::Source(format!("{why} (tried {} times)", RETRIES + 1)));
        }
        tracing::info!(%why, len, "fetching is tried again");
        sleep(FIRST_WAIT * 2_u32.pow(retries)).await;
        retries += 1;
    }
}

async fn request(client: &Client, job: &Job, part: &Shared, url: &Url) -> Result<(), Fault> {
    let (have, etag) = part.now(|part| (part.len(), part.etag()));
    let mut request = client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
    if have > 0 {
        request = request.header(RANGE, format!("bytes={have}-"));
        if let Some(etag) = etag {
            request = request.header(IF_RANGE, etag);
        }
    }
    let response = match timeout(IDLE, request.send()).await {
        Err(_) => return Err(Fault::Passing(silent())),
        Ok(Err(error)) if error.is_redirect() => return Err(refused(client::words(&error))),
        Ok(Err(error)) if error.is_connect() => {
            return Err(Fault::Unreachable(client::words(&error)));
        }
        Ok(Err(error)) => return Err(Fault::Passing(client::words(&error))),
        Ok(Ok(response)) => response,
    };
    let from_start = begins(&response, have, job.total)?;
    let etag = header(&response, &ETAG).filter(|etag| etag.starts_with('"')).map(str::to_owned);
    part.with(move |part| {
        if from_start && part.len() > 0 {
            part.restart()?;
        }
        part.note_hub(etag)
    })
    .await?;
    receive(response, job, part).await
}

/// Takes the body to its end.
async fn receive(mut response: Response, job: &Job, part: &Shared) -> Result<(), Fault> {
    loop {
        let chunk: Bytes = match timeout(IDLE, response.chunk()).await {
            Err(_) => return Err(Fault::Passing(silent())),
            Ok(Err(error)) => return Err(Fault::Passing(client::words(&error))),
            Ok(Ok(None)) => break,
            Ok(Ok(Some(chunk))) => chunk,
        };
        part.with(move |part| part.append(&chunk)).await?;
        job.tell_bytes(part.len());
    }
    let (len, total) = (part.len(), job.total);
    if len == total {
        return Ok(());
    }
    Err(Fault::Passing(format!("the connection ended at {len} of {total} bytes")))
}

/// Looks at the head of an answer: true when its body begins with the first byte, false when it goes on from `have`.
fn begins(response: &Response, have: u64, total: u64) -> Result<bool, Fault> {
    let status = response.status();
    let encoding = header(response, &CONTENT_ENCODING).unwrap_or("identity");
    if status.is_success() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(refused("it sent a compressed body, which was not asked for"));
    }
    let begins = match status {
        StatusCode::PARTIAL_CONTENT if have > 0 => {
            range(response, have, total)?;
            false
        }
        StatusCode::OK => {
            let kind = header(response, &CONTENT_TYPE).unwrap_or_default();
            if kind.starts_with("text/html") {
                let what = "it sent a web page instead of the file: is there a login page or a proxy \
                            between?";
                return Err(refused(what));
            }
            let length = header(response, &reqwest::header::CONTENT_LENGTH);
            if let Some(length) = length.and_then(|length| length.parse::<u64>().ok())
                && length != total
            {
                return Err(refused(format!("its file has {length} bytes, expected {total}")));
            }
            true
        }
        StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
            return Err(refused(format!(
                "its file has fewer bytes than the {have} that are there"
            )));
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            return Err(Fault::Passing(answers(response)));
        }
        status if status.is_server_error() => return Err(Fault::Passing(answers(response))),
        _ => return Err(refused(answers(response))),
    };
    Ok(begins)
}

/// `Content-Range: bytes 5-9/10`
fn range(response: &Response, have: u64, total: u64) -> Result<(), Fault> {
    let said = header(response, &CONTENT_RANGE).unwrap_or_default();
    let parsed = said.strip_prefix("bytes ").and_then(|range| {
        let (range, all) = range.split_once('/')?;
        let (first, _) = range.split_once('-')?;
        Some((first.parse::<u64>().ok()?, all.parse::<u64>().ok()))
    });
    match parsed {
        Some((first, all)) if first == have && all.is_none_or(|all| all == total) => Ok(()),
        _ => Err(refused(format!(
            "asked for what comes after {have} of {total} bytes it sent \"{}\"",
            shortened(said)
        ))),
    }
}

fn header<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

fn answers(response: &Response) -> String {
    format!("it answers {} to {}", response.status(), shortened(response.url().path()))
}

fn shortened(text: &str) -> String {
    sanitize_line(text).chars().take(200).collect()
}

fn silent() -> String {
    format!("nothing came for {} s", IDLE.as_secs())
}
