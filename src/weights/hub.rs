//! Downloads a file from the hub, resuming where an earlier download stopped and retrying where that may help.
//!
//! Responses are checked as early as possible (status, sizes, a web page instead of the file); the hash of the whole
//! file decides at the end. A hub that cannot be reached fails at once, so that the next source is tried.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, IF_RANGE,
    RANGE,
};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::time::{sleep, timeout};

use super::failure::SourceFailure;
use super::hub_client;
use super::partial_file::{SharedPartialFile, run_blocking};
use super::task::DownloadTask;
use crate::text::sanitize_line;

/// How long the server may send nothing.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// The delay before the first retry; doubled for every further one.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(500);
/// The most retries without progress.
const MAX_RETRIES: u32 = 3;
/// Only this fraction of the file counts as progress, so that no server can cause retries without end.
const PROGRESS_FRACTION: u64 = 100;

/// Why one request did not complete the file.
enum HubError {
    /// Another request would fail too.
    Final(SourceFailure),
    /// There was no response: the hub is down, or there is no network.
    Unreachable(String),
    /// Another request may succeed.
    Temporary(String),
}

impl From<SourceFailure> for HubError {
    fn from(failure: SourceFailure) -> Self {
        Self::Final(failure)
    }
}

impl HubError {
    fn refused(reason: impl Into<String>) -> Self {
        Self::Final(SourceFailure::Source(reason.into()))
    }
}

/// Downloads the bytes that `partial` lacks from `url`.
pub(super) async fn download_from_hub(
    task: &DownloadTask,
    partial: &SharedPartialFile,
    url: &Url,
) -> Result<(), SourceFailure> {
    hub_client::check_proxy(url).map_err(|error| SourceFailure::Source(error.to_string()))?;
    let client_url = url.clone();
    let client = run_blocking(move || hub_client::build_client(&client_url))
        .await
        .map_err(|error| SourceFailure::Source(hub_client::describe_error(&error, url)))?;
    let mut has_answered = false;
    let (mut retries, mut last_progress) = (0, partial.len());
    loop {
        let error = match request_rest(&client, task, partial, url).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let reason = match error {
            HubError::Final(failure) => return Err(failure),
            HubError::Unreachable(reason) if !has_answered => {
                return Err(SourceFailure::Source(reason));
            }
            HubError::Unreachable(reason) => reason,
            HubError::Temporary(reason) => {
                has_answered = true;
                reason
            }
        };
        let (len, total) = (partial.len(), task.total);
        if len > last_progress && len - last_progress >= total / PROGRESS_FRACTION {
            (retries, last_progress) = (0, len);
        }
        if retries == MAX_RETRIES {
            let reason = format!("{reason} (tried {} times)", MAX_RETRIES + 1);
            return Err(SourceFailure::Source(reason));
        }
        tracing::info!(%reason, len, "retrying the download");
        sleep(FIRST_RETRY_DELAY * 2_u32.pow(retries)).await;
        retries += 1;
    }
}

/// Requests the bytes that `partial` lacks and receives them.
async fn request_rest(
    client: &Client,
    task: &DownloadTask,
    partial: &SharedPartialFile,
    url: &Url,
) -> Result<(), HubError> {
    let (have, etag) = partial.with_locked(|partial| (partial.len(), partial.etag()));
    let mut request = client.get(url.clone()).header(ACCEPT_ENCODING, "identity");
    if have > 0 {
        request = request.header(RANGE, format!("bytes={have}-"));
        if let Some(etag) = etag {
            request = request.header(IF_RANGE, etag);
        }
    }
    let response = match timeout(IDLE_TIMEOUT, request.send()).await {
        Err(_) => return Err(HubError::Temporary(idle_message())),
        Ok(Err(error)) if error.is_redirect() => {
            return Err(HubError::refused(hub_client::describe_error(&error, url)));
        }
        Ok(Err(error)) if error.is_connect() => {
            return Err(HubError::Unreachable(hub_client::describe_error(&error, url)));
        }
        Ok(Err(error)) => return Err(HubError::Temporary(hub_client::describe_error(&error, url))),
        Ok(Ok(response)) => response,
    };
    let from_start = check_response(&response, have, task.total)?;
    // Weak ETags (`W/"…"`) do not promise equal bytes.
    let etag =
        header_text(&response, &ETAG).filter(|etag| etag.starts_with('"')).map(str::to_owned);
    partial
        .run_blocking(move |partial| {
            if from_start && partial.len() > 0 {
                partial.restart()?;
            }
            partial.save_hub_state(etag)
        })
        .await?;
    receive_body(response, task, partial).await
}

async fn receive_body(
    mut response: Response,
    task: &DownloadTask,
    partial: &SharedPartialFile,
) -> Result<(), HubError> {
    loop {
        let chunk: Bytes = match timeout(IDLE_TIMEOUT, response.chunk()).await {
            Err(_) => return Err(HubError::Temporary(idle_message())),
            Ok(Err(error)) => {
                return Err(HubError::Temporary(hub_client::describe_error(
                    &error,
                    response.url(),
                )));
            }
            Ok(Ok(None)) => break,
            Ok(Ok(Some(chunk))) => chunk,
        };
        partial.run_blocking(move |partial| partial.append(&chunk)).await?;
        task.report_bytes(partial.len());
    }
    let (len, total) = (partial.len(), task.total);
    if len == total {
        return Ok(());
    }
    Err(HubError::Temporary(format!("the connection ended at {len} of {total} bytes")))
}

/// Checks status and headers. Returns true when the body begins with the first byte of the file, false when it
/// continues after `have` bytes.
fn check_response(response: &Response, have: u64, total: u64) -> Result<bool, HubError> {
    let status = response.status();
    let encoding = header_text(response, &CONTENT_ENCODING).unwrap_or("identity");
    if status.is_success() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(HubError::refused("it sent a compressed body, which was not asked for"));
    }
    let from_start = match status {
        StatusCode::PARTIAL_CONTENT if have > 0 => {
            check_content_range(response, have, total)?;
            false
        }
        StatusCode::OK => {
            let content_type = header_text(response, &CONTENT_TYPE).unwrap_or_default();
            if content_type.starts_with("text/html") {
                let reason = "it sent a web page instead of the file: is there a login page or a proxy \
                              between?";
                return Err(HubError::refused(reason));
            }
            let length = header_text(response, &reqwest::header::CONTENT_LENGTH);
            if let Some(length) = length.and_then(|length| length.parse::<u64>().ok())
                && length != total
            {
                let reason = format!("its file has {length} bytes, expected {total}");
                return Err(HubError::refused(reason));
            }
            true
        }
        StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => {
            let reason = format!("its file has fewer bytes than the {have} downloaded before");
            return Err(HubError::refused(reason));
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            return Err(HubError::Temporary(describe_status(response)));
        }
        status if status.is_server_error() => {
            return Err(HubError::Temporary(describe_status(response)));
        }
        _ => return Err(HubError::refused(describe_status(response))),
    };
    Ok(from_start)
}

/// Checks that a partial response continues after `have` bytes: `Content-Range: bytes 5-9/10`.
fn check_content_range(response: &Response, have: u64, total: u64) -> Result<(), HubError> {
    let value = header_text(response, &CONTENT_RANGE).unwrap_or_default();
    let parsed = value.strip_prefix("bytes ").and_then(|value| {
        let (range, size) = value.split_once('/')?;
        let (first, _) = range.split_once('-')?;
        Some((first.parse::<u64>().ok()?, size.parse::<u64>().ok()))
    });
    match parsed {
        Some((first, size)) if first == have && size.is_none_or(|size| size == total) => Ok(()),
        _ => Err(HubError::refused(format!(
            "asked for what comes after {have} of {total} bytes it sent \"{}\"",
            shorten_line(value)
        ))),
    }
}

fn header_text<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

fn describe_status(response: &Response) -> String {
    format!("it answers {} to {}", response.status(), shorten_line(response.url().path()))
}

fn shorten_line(text: &str) -> String {
    sanitize_line(text).chars().take(200).collect()
}

fn idle_message() -> String {
    format!("nothing came for {} s", IDLE_TIMEOUT.as_secs())
}
