//! A streaming server for tests: Chat Completions on 127.0.0.1, spoken byte by byte so that every fault can be had.
//!
//! ```ignore
//! let server = Server::start();                       // any model answers with `ANSWER`
//! server.script("slow", [Reply::text("one two").rate(20.0)]);
//! server.script("busy", [Reply::status(429).header("retry-after", "1"), Reply::text("at last")]);
//! … point a provider at `server.base_url()`, ask …
//! assert_eq!(server.requests_of("busy").len(), 2);
//! ```
//! Replies of a model are given in order, the last one again and again. It runs on a thread of its own, so that tests without
//! a runtime (those of the real binary) can use it, and ends when it is dropped.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};

/// What a model without a script answers: headings, a list, code, a table, wide characters.
pub const ANSWER: &str = "## Recommendation\n\nUse **two regions** and keep `etcd` local.\n\n1. Measure first.\n2. Then move.\n\n\
    ```rust\nfn main() {\n    println!(\"héllo, 世界\");\n}\n```\n\n| Option | Cost |\n|---|---|\n| One region | low |\n| Two regions | twice |\n";

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// `POST /v1/chat/completions`
    pub line: String,
    /// Headers with names in lower case.
    pub headers: HashMap<String, String>,
    /// The body as JSON, null when there is none.
    pub body: Value,
    /// When its headers and body had come.
    pub at: Instant,
    /// When the client closed the connection before the answer was over.
    pub closed: Option<Instant>,
}

impl Request {
    /// The model that was asked.
    pub fn model(&self) -> &str {
        self.body["model"].as_str().unwrap_or_default()
    }
}

/// How a reply's bytes are framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `Transfer-Encoding: chunked`
    Chunked,
    /// `Content-Length`
    Length,
    /// Until the connection closes.
    Close,
}

/// How a reply ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// As it should.
    Whole,
    /// The connection closes after that many bytes of the body, without the end of the framing.
    Cut(usize),
    /// It is reset after that many bytes.
    Reset(usize),
    /// Nothing comes after that many bytes, not even the end.
    Stall(usize),
    /// Not even headers come.
    Hang,
}

/// One scripted reply.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<Vec<u8>>,
    gap: Duration,
    first: Duration,
    chunk: Option<usize>,
    framing: Framing,
    fate: Fate,
}

impl Reply {
    /// `text` streamed as tokens, then the finish, the usage and `[DONE]`.
    pub fn text(text: &str) -> Self {
        Self::events(
            tokens(text)
                .iter()
                .map(|token| delta(&json!({"content": token})))
                .chain(ending("stop")),
        )
    }

    /// Events, each the JSON of one `data:` line (or `[DONE]`).
    pub fn events(events: impl IntoIterator<Item = String>) -> Self {
        let pieces = events.into_iter().map(|event| format!("data: {event}\n\n").into_bytes());
        Self::body("text/event-stream", pieces)
    }

    /// Raw pieces of a body, written as they are.
    pub fn body(content_type: &str, pieces: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".into(), content_type.into())],
            pieces: pieces.into_iter().collect(),
            gap: Duration::ZERO,
            first: Duration::ZERO,
            chunk: None,
            framing: Framing::Chunked,
            fate: Fate::Whole,
        }
    }

    /// An error with a JSON body that names the status.
    pub fn status(status: u16) -> Self {
        let body =
            json!({"error": {"message": format!("the server says {status}"), "type": "test"}});
        let mut reply = Self::body("application/json", [body.to_string().into_bytes()]);
        reply.status = status;
        reply
    }

    /// Takes the request and never answers.
    pub fn hang() -> Self {
        Self { fate: Fate::Hang, ..Self::text("") }
    }

    /// With one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// That many pieces (tokens) a second; as fast as possible without it.
    pub fn rate(mut self, pieces_per_second: f64) -> Self {
        self.gap = Duration::from_secs_f64(1.0 / pieces_per_second);
        self
    }

    /// Waits before the first piece (headers go at once).
    pub fn first(mut self, wait: Duration) -> Self {
        self.first = wait;
        self
    }

    /// Written `bytes` at a time, each as its own chunk.
    pub fn chunk(mut self, bytes: usize) -> Self {
        self.chunk = Some(bytes);
        self
    }

    /// With another framing.
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Closes the connection after `bytes` of the body, within the framing.
    pub fn cut(mut self, bytes: usize) -> Self {
        self.fate = Fate::Cut(bytes);
        self
    }

    /// Resets the connection after `bytes` of the body.
    pub fn reset(mut self, bytes: usize) -> Self {
        self.fate = Fate::Reset(bytes);
        self
    }

    /// Sends nothing after `bytes` of the body and keeps the connection.
    pub fn stall(mut self, bytes: usize) -> Self {
        self.fate = Fate::Stall(bytes);
        self
    }

    fn length(&self) -> usize {
        self.pieces.iter().map(Vec::len).sum()
    }
}

/// The JSON of one event whose choice adds `delta`.
pub fn delta(delta: &Value) -> String {
    json!({"id": "t", "object": "chat.completion.chunk", "model": "test-model", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
        .to_string()
}

/// Finish, usage (31 in, 5 out), `[DONE]`.
pub fn ending(finish: &str) -> [String; 3] {
    [
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}).to_string(),
        json!({"choices": [], "usage": {"prompt_tokens": 31, "completion_tokens": 5, "total_tokens": 36}}).to_string(),
        "[DONE]".to_owned(),
    ]
}

/// Words with the spaces behind them: about what a model's tokens are.
pub fn tokens(text: &str) -> Vec<&str> {
    text.split_inclusive([' ', '\n']).collect()
}

#[derive(Default)]
struct State {
    scripts: HashMap<String, Vec<Reply>>,
    requests: Vec<Request>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                tokio::select! {
                    () = accept(TcpListener::from_std(listener).unwrap(), for_thread) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// `http://127.0.0.1:PORT/v1`
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// From now on `model` gets these replies, in order, the last one again and again.
    pub fn script(&self, model: &str, replies: impl IntoIterator<Item = Reply>) {
        let replies: Vec<Reply> = replies.into_iter().collect();
        assert!(!replies.is_empty(), "a script has at least one reply");
        self.shared.state.lock().unwrap().scripts.insert(model.to_owned(), replies);
    }

    /// Every request so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state.lock().unwrap().requests.clone()
    }

    /// Those for `model`.
    pub fn requests_of(&self, model: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.model() == model).collect()
    }

    /// Waits until `holds` of the requests, ten seconds at most.
    pub async fn wait_until(&self, holds: impl Fn(&[Request]) -> bool) {
        let wait = async {
            loop {
                let changed = self.shared.changed.notified();
                if holds(&self.requests()) {
                    return;
                }
                changed.await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), wait).await;
        assert!(waited.is_ok(), "it did not happen: {:#?}", self.requests());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error says that it has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            stream.set_nodelay(true).unwrap();
            // A client that goes away is not the server's failure.
            drop(serve(stream, &shared).await);
        });
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    while let Some(request) = read_request(&mut stream).await? {
        let (number, reply) = {
            let mut state = shared.state.lock().unwrap();
            let reply = choose(&mut state.scripts, &request);
            state.requests.push(request);
            (state.requests.len() - 1, reply)
        };
        shared.changed.notify_waiters();
        let (mut reader, mut writer) = stream.into_split();
        let sent = tokio::select! {
            sent = send(&mut writer, &reply) => sent,
            () = gone(&mut reader) => Err(std::io::ErrorKind::BrokenPipe.into()),
        };
        if sent.is_err() {
            shared.state.lock().unwrap().requests[number].closed = Some(Instant::now());
            shared.changed.notify_waiters();
        }
        stream = reader.reunite(writer).map_err(std::io::Error::other)?;
        if matches!(reply.fate, Fate::Reset(_)) {
            stream.set_zero_linger()?;
        }
        if sent.is_err() || reply.framing == Framing::Close || reply.fate != Fate::Whole {
            return sent;
        }
    }
    Ok(())
}

fn choose(scripts: &mut HashMap<String, Vec<Reply>>, request: &Request) -> Reply {
    if request.line.starts_with("GET ") {
        let mut models: Vec<Value> =
            scripts.keys().map(|id| json!({"id": id, "object": "model"})).collect();
        models.push(json!({"id": "test-model", "object": "model"}));
        let list = json!({"object": "list", "data": models}).to_string();
        return Reply::body("application/json", [list.into_bytes()]);
    }
    match scripts.get_mut(request.model()) {
        Some(replies) if replies.len() > 1 => replies.remove(0),
        Some(replies) => replies[0].clone(),
        None => Reply::text(ANSWER),
    }
}

async fn read_request(stream: &mut TcpStream) -> std::io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
        if !bytes[0].is_ascii_uppercase() {
            // A TLS client, for one.
            stream.write_all(b"HTTP/1.1 400 Not HTTP\r\n\r\n").await?;
            stream.shutdown().await?;
            // Unread bytes would turn the close into a reset, which overtakes the words.
            while stream.read_buf(&mut bytes).await? > 0 {}
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.lines();
    let line = lines.next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize =
        headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    let body = serde_json::from_slice(&bytes[head + 4..]).unwrap_or(Value::Null);
    Ok(Some(Request { line, headers, body, at: Instant::now(), closed: None }))
}

/// Ends when the client has closed its side.
async fn gone(reader: &mut OwnedReadHalf) {
    let mut buffer = [0; 64];
    while matches!(reader.read(&mut buffer).await, Ok(1..)) {}
}

async fn send(
    writer: &mut (impl tokio::io::AsyncWrite + Unpin),
    reply: &Reply,
) -> std::io::Result<()> {
    if reply.fate == Fate::Hang {
        return std::future::pending().await;
    }
    let mut head = format!("HTTP/1.1 {} Test\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    let framing = match reply.framing {
        Framing::Chunked => "transfer-encoding: chunked".to_owned(),
        Framing::Length => format!("content-length: {}", reply.length()),
        Framing::Close => "connection: close".to_owned(),
    };
    head.extend([framing.as_str(), "\r\n\r\n"]);
    writer.write_all(head.as_bytes()).await?;
    tokio::time::sleep(reply.first).await;
    let most = match reply.fate {
        Fate::Cut(most) | Fate::Reset(most) | Fate::Stall(most) => most,
        Fate::Whole | Fate::Hang => usize::MAX,
    };
    let mut next = tokio::time::Instant::now();
    let mut sent = 0;
    let whole;
    let pieces = if let Some(size) = reply.chunk {
        whole = reply.pieces.concat().chunks(size).map(<[u8]>::to_vec).collect();
        &whole
    } else {
        &reply.pieces
    };
    for piece in pieces {
        tokio::time::sleep_until(next).await;
        next += reply.gap;
        let piece = &piece[..piece.len().min(most - sent)];
        if piece.is_empty() {
            continue;
        }
        sent += piece.len();
        let framed = match reply.framing {
            Framing::Chunked => {
                [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()
            }
            Framing::Length | Framing::Close => piece.to_vec(),
        };
        writer.write_all(&framed).await?;
    }
    match reply.fate {
        Fate::Whole if reply.framing == Framing::Chunked => writer.write_all(b"0\r\n\r\n").await,
        Fate::Stall(_) => std::future::pending().await,
        _ => Ok(()),
    }
}
