//! Messages for TLS errors: which certificate was rejected, and why.
//!
//! Certificates are verified by rustls; there is no option to skip that.

use std::error::Error;
use std::io;

use rustls::{CertificateError as Bad, Error as Tls};

/// Describes the TLS error among the `causes` of an error, if there is one.
pub(super) fn describe_tls_error<'a>(
    causes: impl Iterator<Item = &'a (dyn Error + 'static)>,
    host: &str,
) -> Option<String> {
    find_tls_error(causes).map(|error| describe_error(error, host))
}

fn find_tls_error<'a>(
    mut causes: impl Iterator<Item = &'a (dyn Error + 'static)>,
) -> Option<&'a rustls::Error> {
    causes.find_map(|cause| match cause.downcast_ref::<io::Error>() {
        Some(error) => wrapped_tls_error(error),
        None => cause.downcast_ref(),
    })
}

/// The TLS error inside an `io::Error`, which does not report it as its source and may contain another `io::Error`.
fn wrapped_tls_error(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref().or_else(|| wrapped_tls_error(inner.downcast_ref()?))
}

fn describe_error(error: &rustls::Error, host: &str) -> String {
    match error {
        Tls::InvalidCertificate(bad) => {
            let problem = match bad {
                Bad::Expired | Bad::ExpiredContext { .. } => "has expired".into(),
                Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                    "is not valid yet; is this machine's clock right?".into()
                }
                Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                    "is for another name".into()
                }
                Bad::UnknownIssuer => {
                    "is signed by an untrusted authority (self-signed, or a company's internal CA)"
                        .into()
                }
                Bad::Revoked => "is revoked".into(),
                other => format!("was not accepted: {other}"),
            };
            format!("the certificate of {host} {problem}")
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
    fn rejected_certificates_are_described() {
        for (bad, words) in [
            (Bad::Expired, "the certificate of h has expired"),
            (Bad::NotValidForName, "the certificate of h is for another name"),
            (Bad::Revoked, "the certificate of h is revoked"),
        ] {
            assert_eq!(describe_error(&Tls::InvalidCertificate(bad), "h"), words);
        }
        assert!(
            describe_error(&Tls::InvalidCertificate(Bad::UnknownIssuer), "h")
                .contains("self-signed")
        );
    }
}
