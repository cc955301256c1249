//! The implementation of TLS for the whole process, and words for its errors.
//!
//! Certificates are verified by rustls with the roots of the system; there is no option to skip that. Nothing here
//! sanitises: a certificate contains text of the server's choice.

use std::error::Error;
use std::io;
use std::sync::Once;

use rustls::{CertificateError as Bad, Error as Tls};

/// The most errors that are looked through for the one of TLS.
const MAX_NESTING: usize = 16;
/// The most names of a certificate in a message.
const MAX_NAMES: usize = 3;
const SELF_SIGNED: &str = "is self-signed, and this machine does not trust it (SSL_CERT_FILE or the system's list of authorities \
                           can name it)";
const UNTRUSTED: &str =
    "is signed by an untrusted authority (self-signed, or a company's internal CA)";

/// Chooses ring as the cryptography of rustls. Every HTTP client needs it before it is built; calling it again does
/// nothing.
pub fn install_tls() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // Fails only if another implementation is already installed, which is just as good.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
}

/// Describes the TLS error in `error`, however deeply it is nested: what is wrong with the certificate or the connection
/// of `host`. None if TLS did not fail.
pub fn describe_tls_error(error: &(dyn Error + 'static), host: &str) -> Option<String> {
    find_tls_error(error).map(|error| describe_error(error, host))
}

/// The innermost TLS error that says what is wrong. An `io::Error` does not report the error inside it as its source.
fn find_tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Tls> {
    let mut found = None;
    let mut next = Some(error);
    for _ in 0..MAX_NESTING {
        let Some(error) = next else { break };
        found = error.downcast_ref::<Tls>().or(found);
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => match error.downcast_ref::<Tls>() {
                Some(Tls::Other(other)) => Some(&*other.0),
                _ => error.source(),
            },
        };
    }
    found
}

fn describe_error(error: &Tls, host: &str) -> String {
    match error {
        Tls::InvalidCertificate(bad) => {
            format!("the certificate of {host} {}", describe_certificate(bad))
        }
        Tls::InvalidMessage(_) => {
            format!("{host} does not speak TLS; is it http:// rather than https://?")
        }
        Tls::PeerIncompatible(reason) => {
            format!("{host} supports neither TLS 1.2 nor 1.3 with current ciphers ({reason:?})")
        }
        Tls::AlertReceived(alert) => format!("{host} refused the TLS connection ({alert:?})"),
        other => format!("no TLS connection: {other}"),
    }
}

fn describe_certificate(bad: &Bad) -> String {
    match bad {
        Bad::Expired | Bad::ExpiredContext { .. } => {
            "has expired (or this machine's clock is wrong)".into()
        }
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "is not valid yet; is this machine's clock right?".into()
        }
        Bad::NotValidForName => "is for another name".into(),
        Bad::NotValidForNameContext { presented, .. } => {
            // `DnsName("a.example")`
            let quoted = |name: &String| name.split('"').nth(1).unwrap_or(name).to_owned();
            let names: Vec<String> = presented.iter().take(MAX_NAMES).map(quoted).collect();
            let more = if presented.len() > MAX_NAMES { " …" } else { "" };
            match names.as_slice() {
                [] => "is for another name".into(),
                names => format!("is for another name: {}{more}", names.join(", ")),
            }
        }
        Bad::UnknownIssuer => UNTRUSTED.into(),
        Bad::Revoked => "is revoked".into(),
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => "is not for a server".into(),
        Bad::BadSignature => "has a wrong signature".into(),
        Bad::BadEncoding => "cannot be read".into(),
        Bad::Other(other) => describe_other(&*other.0),
        other => format!("was not accepted: {other}"),
    }
}

/// Errors that rustls has no variant for come from webpki or the verifier of the platform, whose types are theirs alone.
fn describe_other(error: &(dyn Error + 'static)) -> String {
    if let Some(Tls::InvalidCertificate(bad)) = error.downcast_ref::<Tls>() {
        return describe_certificate(bad);
    }
    let name = format!("{error:?}");
    let is = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match () {
        // A certificate made by `openssl req -x509` is an authority and signs itself.
        () if is(&["CaUsedAsEndEntity", "SelfSigned"]) => SELF_SIGNED.into(),
        () if is(&["UnknownIssuer", "UntrustedRoot"]) => UNTRUSTED.into(),
        () if is(&["Expired"]) => "has expired (or this machine's clock is wrong)".into(),
        () if is(&["NotValidForName"]) => "is for another name".into(),
        () if is(&["Eku", "InvalidPurpose"]) => "is not for a server".into(),
        () if is(&["UnsupportedCertVersion"]) => {
            "has an old format (not X.509 version 3); make one with a subjectAltName".into()
        }
        () => format!("was not accepted: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;

    fn nested(error: Tls) -> [Box<dyn Error>; 4] {
        let io = |error: Tls| io::Error::other(error);
        [
            Box::new(error.clone()),
            Box::new(io(error.clone())),
            Box::new(io::Error::other(io(error.clone()))),
            Box::new(Tls::Other(OtherError(Arc::new(io(error))))),
        ]
    }

    #[test]
    fn rejected_certificates_are_described_however_deep_they_are() {
        let other = |error: Tls| Bad::Other(OtherError(Arc::new(error)));
        for (bad, words) in [
            (Bad::Expired, "the certificate of h has expired"),
            (Bad::NotValidForName, "the certificate of h is for another name"),
            (Bad::Revoked, "the certificate of h is revoked"),
            (Bad::UnknownIssuer, "self-signed, or a company's internal CA"),
            (other(Tls::InvalidCertificate(Bad::Expired)), "has expired"),
            (other(Tls::General("weird".into())), "was not accepted: unexpected error: weird"),
        ] {
            for error in nested(Tls::InvalidCertificate(bad)) {
                let described = describe_tls_error(&*error, "h").unwrap();
                assert!(described.contains(words), "{described}");
                assert!(!described.contains("Other"), "{described}");
            }
        }
    }

    #[test]
    fn other_errors_are_not_of_tls() {
        assert_eq!(describe_tls_error(&io::Error::other("x"), "h"), None);
        assert_eq!(describe_tls_error(&io::Error::from(io::ErrorKind::NotFound), "h"), None);
    }
}
