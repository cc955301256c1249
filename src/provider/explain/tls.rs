//! What went wrong with TLS, in words: which certificate, and what is the matter with it.
//!
//! Called by `explain` for an error that may or may not come from TLS.

use std::error::Error;
use std::io;

use rustls::{CertificateError as Bad, Error as Tls};

/// What TLS says among the `causes` of an error, if it says anything.
pub(super) fn words<'a>(
    causes: impl Iterator<Item = &'a (dyn Error + 'static)>,
    host: &str,
) -> Option<String> {
    cause(causes).map(|cause| sentence(cause, host))
}

fn cause<'a>(
    mut causes: impl Iterator<Item = &'a (dyn Error + 'static)>,
) -> Option<&'a rustls::Error> {
    causes.find_map(|cause| match cause.downcast_ref::<io::Error>() {
        Some(error) => carried(error),
        None => cause.downcast_ref(),
    })
}

/// An `io::Error` does not name what it carries as its source, and may carry another one.
fn carried(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref().or_else(|| carried(inner.downcast_ref()?))
}

fn sentence(error: &rustls::Error, host: &str) -> String {
    match error {
        Tls::InvalidCertificate(bad) => {
            let what = match bad {
                Bad::Expired | Bad::ExpiredContext { .. } => "has expired".into(),
                Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                    "is not valid yet; is this machine's clock right?".into()
                }
                Bad::NotValidForName | Bad::NotValidForNameContext { .. } => "is for another name".into(),
                Bad::UnknownIssuer => {
                    "is signed by nobody this machine trusts (self-signed, or a company's own authority)".into()
                }
                Bad::Revoked => "is revoked".into(),
                other => format!("was not accepted: {other}"),
            };
            format!("the certificate of {host} {what}")
        }
        Tls::InvalidMessage(_) => {
            format!("{host} does not speak TLS; is it http:// rather than https://?")
        }
        other => format!("no TLS connection: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_certificates_are_said_in_words() {
        for (bad, words) in [
            (Bad::Expired, "the certificate of h has expired"),
            (Bad::NotValidForName, "the certificate of h is for another name"),
            (Bad::Revoked, "the certificate of h is revoked"),
        ] {
            assert_eq!(sentence(&Tls::InvalidCertificate(bad), "h"), words);
        }
        assert!(
            sentence(&Tls::InvalidCertificate(Bad::UnknownIssuer), "h").contains("self-signed")
        );
    }
}
