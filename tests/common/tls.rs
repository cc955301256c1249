//! A TLS server for tests, with certificates of every kind, that speaks HTTP/1.1 or HTTP/2.
//!
//! It answers every request for a list of models or an answer in the same way and counts the requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

const BODY: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"safe\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// What is wrong with the certificate of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// Nothing.
    Good,
    /// It expired long ago.
    Expired,
    /// It is valid from the year 2400 on.
    NotYetValid,
    /// It is for `other.example` and `more.example`.
    WrongName,
    /// It is for clients only.
    WrongPurpose,
    /// Another authority signed it.
    UnknownIssuer,
    /// It signed itself and is an authority, as `openssl req -x509` makes them.
    SelfSignedAuthority,
    /// It signed itself and is no authority.
    SelfSigned,
}

/// How a server treats a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// An answer over HTTP/1.1.
    Http1,
    /// An answer over HTTP/2.
    Http2,
    /// The connection ends with GOAWAY and no error.
    GoAway,
    /// The stream is reset with `REFUSED_STREAM`.
    RefusedStream,
}

/// A running server. It ends with the process of the test.
pub struct TlsServer {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    /// The authority that signs good certificates, as PEM.
    pub authority: String,
}

impl TlsServer {
    /// Starts a server on a free port.
    pub fn start(certificate: Certificate, behaviour: Behaviour) -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let authority = authority_params("authority of a test");
        let pem = authority.self_signed(&authority_key).unwrap().pem();
        let (chain, key) = issue(certificate, &Issuer::new(authority, authority_key));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(accept(
                listener,
                build_acceptor(chain, key, behaviour),
                behaviour,
                count,
            ));
        });
        Self { address, requests, authority: pem }
    }

    /// `https://localhost:PORT/v1`
    pub fn base_url(&self) -> String {
        format!("https://localhost:{}/v1", self.address.port())
    }

    /// The number of requests so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params
}

fn issue(
    certificate: Certificate,
    authority: &Issuer<'_, KeyPair>,
) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let names: &[&str] = match certificate {
        Certificate::WrongName => &["other.example", "more.example"],
        _ => &["localhost", "127.0.0.1"],
    };
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    match certificate {
        Certificate::Expired => {
            (params.not_before, params.not_after) =
                (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        }
        Certificate::NotYetValid => params.not_before = date_time_ymd(2400, 1, 1),
        Certificate::WrongPurpose => {
            params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        }
        Certificate::SelfSignedAuthority => {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        _ => {}
    }
    let key = KeyPair::generate().unwrap();
    let issued = match certificate {
        Certificate::SelfSigned | Certificate::SelfSignedAuthority => params.self_signed(&key),
        Certificate::UnknownIssuer => {
            let (other, other_key) = (authority_params("another"), KeyPair::generate().unwrap());
            params.signed_by(&key, &Issuer::new(other, other_key))
        }
        _ => params.signed_by(&key, authority),
    };
    (issued.unwrap().der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
}

fn build_acceptor(
    chain: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    behaviour: Behaviour,
) -> TlsAcceptor {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(ring);
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let mut config = config.with_single_cert(vec![chain], key).unwrap();
    let protocol: &[u8] = if behaviour == Behaviour::Http1 { b"http/1.1" } else { b"h2" };
    config.alpn_protocols = vec![protocol.to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn accept(
    listener: std::net::TcpListener,
    acceptor: TlsAcceptor,
    behaviour: Behaviour,
    requests: Arc<AtomicUsize>,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (acceptor, requests) = (acceptor.clone(), Arc::clone(&requests));
        tokio::spawn(async move {
            // A client that rejects the certificate is not the server's failure.
            let Ok(stream) = acceptor.accept(stream).await else { return };
            if behaviour == Behaviour::Http1 {
                drop(answer_http1(stream, &requests).await);
            } else {
                drop(answer_http2(stream, behaviour, &requests).await);
            }
        });
    }
}

async fn answer_http1(
    mut stream: TlsStream<TcpStream>,
    requests: &AtomicUsize,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    // The body of a question ends with `}`.
    while !request.ends_with(b"}") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    requests.fetch_add(1, Ordering::SeqCst);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(format!("{head}{BODY}").as_bytes()).await?;
    stream.shutdown().await
}

async fn answer_http2(
    stream: TlsStream<TcpStream>,
    behaviour: Behaviour,
    requests: &AtomicUsize,
) -> Result<(), h2::Error> {
    let mut connection = h2::server::handshake(stream).await?;
    while let Some(request) = connection.accept().await {
        let (_, mut respond) = request?;
        requests.fetch_add(1, Ordering::SeqCst);
        match behaviour {
            Behaviour::GoAway => connection.abrupt_shutdown(h2::Reason::NO_ERROR),
            Behaviour::RefusedStream => respond.send_reset(h2::Reason::REFUSED_STREAM),
            _ => {
                let response = http::Response::builder();
                let response = response.header("content-type", "text/event-stream");
                let mut body = respond.send_response(response.body(()).unwrap(), false)?;
                body.send_data(Bytes::from_static(BODY.as_bytes()), true)?;
            }
        }
    }
    Ok(())
}
