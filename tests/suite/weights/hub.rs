//! A hub for tests: serves files over plain http on 127.0.0.1, with every fault that a download may meet.
//!
//! A function creates the answer to each request. A connection carries one request. Dropping the hub stops it.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    headers: HashMap<String, String>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The first byte of the requested range.
    pub fn from(&self) -> Option<usize> {
        let range = self.header("range")?;
        range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// The value of `Content-Length`; without one, the body ends with the connection.
    pub length: Option<usize>,
    /// The number of bytes sent at a time, and the delay between them.
    pub pace: Option<(usize, Duration)>,
    /// Repeats the body endlessly.
    pub endless: bool,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        let body = Vec::new();
        Self { status, headers: Vec::new(), length: Some(0), body, pace: None, endless: false }
    }

    /// The whole file.
    pub fn whole(body: &[u8]) -> Self {
        Self { length: Some(body.len()), body: body.to_vec(), ..Self::status(200) }
    }

    /// The file, or the requested end of it, as a correct server answers.
    pub fn file(asked: &Asked, body: &[u8]) -> Self {
        let answer = match asked.from() {
            None => Self::whole(body),
            Some(from) => {
                let range = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
                let rest = Self::whole(&body[from..]);
                Self { status: 206, ..rest }.header("Content-Range", range)
            }
        };
        answer.header("ETag", "\"v1\"")
    }

    pub fn redirect(to: &str) -> Self {
        Self::status(302).header("Location", to)
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends only this number of bytes, whatever `Content-Length` says.
    pub fn cut(mut self, bytes: usize) -> Self {
        self.body.truncate(bytes);
        self
    }

    pub fn says(mut self, length: Option<usize>) -> Self {
        self.length = length;
        self
    }

    pub fn slow(mut self, bytes: usize, wait: Duration) -> Self {
        self.pace = Some((bytes, wait));
        self
    }

    pub fn endless(mut self) -> Self {
        (self.length, self.endless) = (None, true);
        self
    }
}

/// A running hub.
pub struct Hub {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    over: Arc<AtomicBool>,
}

impl Hub {
    /// `answer` gets the 0-based number of the request, and the request.
    pub fn start(answer: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (to, end, answer) = (Arc::clone(&asked), Arc::clone(&over), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::Relaxed) {
                    return;
                }
                let (to, answer) = (Arc::clone(&to), Arc::clone(&answer));
                let Ok(stream) = stream else { continue };
                // A client that disconnects is not a failure of the server.
                std::thread::spawn(move || drop(serve(stream, &to, answer.as_ref())));
            }
        });
        Self { address, asked, over }
    }

    /// For `HF_ENDPOINT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
    }
}

fn serve(
    mut stream: TcpStream,
    to: &Mutex<Vec<Asked>>,
    answer: &(dyn Fn(usize, &Asked) -> Answer + Send + Sync),
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let asked = Asked { path, headers };
    let number = {
        let mut all = to.lock().unwrap();
        all.push(asked.clone());
        all.len() - 1
    };
    let answer = answer(number, &asked);
    let mut head = format!("HTTP/1.1 {} Test\r\nConnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    if let Some(length) = answer.length {
        head += &format!("Content-Length: {length}\r\n");
    }
    stream.write_all((head + "\r\n").as_bytes())?;
    loop {
        let (size, wait) = answer.pace.unwrap_or((answer.body.len().max(1), Duration::ZERO));
        for piece in answer.body.chunks(size) {
            stream.write_all(piece)?;
            std::thread::park_timeout(wait);
        }
        if !answer.endless {
            return stream.flush();
        }
    }
}
