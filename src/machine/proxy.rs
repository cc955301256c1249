//! Which proxy a request takes, according to the environment, and whether that variable can be used at all.
//!
//! HTTP clients skip a proxy whose address they cannot read, and the request leaves directly; here it is an error. No value
//! is repeated, because it may contain a password. Connecting is not handled here.

use std::env::VarError;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use thiserror::Error;

/// Variables for one scheme, and for all, in the order in which they are read.
const HTTP_VARIABLES: &[&str] = &["HTTP_PROXY", "http_proxy"];
const HTTPS_VARIABLES: &[&str] = &["HTTPS_PROXY", "https_proxy"];
const ALL_VARIABLES: &[&str] = &["ALL_PROXY", "all_proxy"];
const NO_PROXY_VARIABLES: &[&str] = &["NO_PROXY", "no_proxy"];

/// The proxy between this machine and a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The environment variable that names it.
    pub variable: &'static str,
    /// Its host and port, without user name and password.
    pub address: String,
}

/// A proxy variable that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "environment variable {0}: expected the address of a proxy, such as http://proxy.example:3128 (http, https, socks4, \
     socks4a, socks5 or socks5h); correct it, unset it, or name the host in NO_PROXY"
)]
pub struct ProxyError(pub &'static str);

/// The proxy for requests to `host` over `scheme` (`http` or `https`); none if they are sent directly. Hosts on this
/// machine must not be looked up: they are never reached through a proxy.
///
/// # Errors
/// The variable that applies contains no usable address.
pub fn find_proxy(scheme: &str, host: &str) -> Result<Option<Proxy>, ProxyError> {
    find_proxy_in(|name| std::env::var(name), scheme, host)
}

/// The passwords in all proxy variables, as they are written there.
pub fn proxy_passwords() -> Vec<String> {
    let names = [HTTP_VARIABLES, HTTPS_VARIABLES, ALL_VARIABLES].concat();
    names.iter().filter_map(|name| find_password(&std::env::var(name).ok()?)).collect()
}

/// The password in an address: between the first colon after `//` and the last `@`.
fn find_password(address: &str) -> Option<String> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (login, _) = rest.rsplit_once('@')?;
    login.split_once(':').map(|(_, password)| password.to_owned())
}

fn find_proxy_in(
    read: impl Fn(&str) -> Result<String, VarError>,
    scheme: &str,
    host: &str,
) -> Result<Option<Proxy>, ProxyError> {
    // HTTP_PROXY of a CGI script may come from a request's header.
    let is_cgi = !matches!(read("REQUEST_METHOD"), Err(VarError::NotPresent));
    let no_proxy = NO_PROXY_VARIABLES.iter().find_map(|name| read(name).ok()).unwrap_or_default();
    if is_cgi || is_excepted(&no_proxy, scheme, host) {
        return Ok(None);
    }
    let own = if scheme == "https" { HTTPS_VARIABLES } else { HTTP_VARIABLES };
    for names in [own, ALL_VARIABLES] {
        let set = names.iter().find_map(|&name| match read(name) {
            Err(VarError::NotPresent) => None,
            value => Some((name, value)),
        });
        let Some((variable, value)) = set else { continue };
        let value = value.map_err(|_| ProxyError(variable))?;
        if !value.is_empty() {
            let address = parse_address(&value).ok_or(ProxyError(variable))?;
            return Ok(Some(Proxy { variable, address }));
        }
    }
    Ok(None)
}

/// Whether `no_proxy` names `host`.
fn is_excepted(no_proxy: &str, scheme: &str, host: &str) -> bool {
    let Ok(uri) = format!("{scheme}://{host}/").parse::<Uri>() else { return false };
    let matcher = Matcher::builder().all("http://proxy.invalid").no(no_proxy.to_owned()).build();
    matcher.intercept(&uri).is_none()
}

/// Host and port of a proxy, if the HTTP clients can read its address.
fn parse_address(value: &str) -> Option<String> {
    let matcher = Matcher::builder().all(value.to_owned()).build();
    let proxy = matcher.intercept(&Uri::from_static("http://host.invalid/"))?;
    let authority = proxy.uri().authority()?;
    // Digits that are no port are read as none at all.
    let has_bad_port = authority.port_u16().is_none() && authority.as_str() != authority.host();
    let is_usable = !authority.host().is_empty() && !has_bad_port;
    is_usable.then(|| authority.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(variables: &[(&str, &str)], url: &str) -> Result<Option<String>, &'static str> {
        let read = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned()).ok_or(VarError::NotPresent)
        };
        let (scheme, host) = url.split_once("://").unwrap();
        find_proxy_in(read, scheme, host)
            .map(|proxy| proxy.map(|proxy| format!("{} {}", proxy.variable, proxy.address)))
            .map_err(|error| error.0)
    }

    #[test]
    fn the_variable_of_the_scheme_precedes_the_one_for_all() {
        let all = ("ALL_PROXY", "socks5://all.example:1080");
        let found = |variables: &[_], url| find(variables, url).unwrap();
        assert_eq!(found(&[], "https://a.example"), None);
        assert_eq!(
            found(&[all, ("https_proxy", "p.example:3128")], "https://a.example").as_deref(),
            Some("https_proxy p.example:3128")
        );
        assert_eq!(
            found(&[all, ("https_proxy", "p.example:3128")], "http://a.example").as_deref(),
            Some("ALL_PROXY all.example:1080")
        );
        assert_eq!(
            found(&[all, ("HTTP_PROXY", "")], "http://a.example").as_deref(),
            Some("ALL_PROXY all.example:1080")
        );
    }

    #[test]
    fn unusable_addresses_are_errors_that_name_the_variable() {
        for value in [
            "http://",
            "http://:3128",
            "ftp://p.example:21",
            "http://p.example:99999",
            "http://me:hunter2@",
            "http://p.example:hunter2",
            "p.example:3128 ",
            " ",
            "http://p example:3128",
            "://p.example",
            "http//p.example:3128",
        ] {
            for (variable, scheme) in [
                ("HTTPS_PROXY", "https"),
                ("http_proxy", "http"),
                ("ALL_PROXY", "https"),
                ("all_proxy", "http"),
            ] {
                let url = format!("{scheme}://a.example");
                assert_eq!(find(&[(variable, value)], &url), Err(variable), "{value:?}");
                let other = [("ALL_PROXY", "http://p.example:1"), (variable, value)];
                if !variable.eq_ignore_ascii_case("all_proxy") {
                    assert_eq!(find(&other, &url), Err(variable), "{value:?}, not the other one");
                }
                let excepted = [("NO_PROXY", "b.example, a.example"), (variable, value)];
                assert_eq!(find(&excepted, &url), Ok(None), "{value:?}");
            }
        }
        assert!(!ProxyError("HTTPS_PROXY").to_string().contains("hunter2"));
    }

    #[test]
    fn user_name_and_password_are_not_part_of_the_address() {
        let found =
            find(&[("HTTPS_PROXY", "http://me:hunter2@p.example:3128")], "https://a.example");
        assert_eq!(found, Ok(Some("HTTPS_PROXY p.example:3128".into())));
        let found = find(&[("HTTPS_PROXY", "http://me:hunter2@[::1]")], "https://a.example");
        assert_eq!(found, Ok(Some("HTTPS_PROXY [::1]".into())));
    }

    #[test]
    fn passwords_are_found_in_any_address() {
        for (address, password) in [
            ("http://me:hunter2@p.example:3128", Some("hunter2")),
            ("me:hun:ter@2@p.example", Some("hun:ter@2")),
            ("http://me@p.example", None),
            ("http://p.example:3128", None),
        ] {
            assert_eq!(find_password(address).as_deref(), password);
        }
    }

    #[test]
    fn excepted_hosts_and_cgi_scripts_have_no_proxy() {
        let proxy = ("HTTPS_PROXY", "http://p.example:3128");
        for no_proxy in ["*", "example", ".example", "a.example", "b.test,a.example"] {
            assert_eq!(find(&[proxy, ("no_proxy", no_proxy)], "https://a.example"), Ok(None));
        }
        let network = ("NO_PROXY", "10.0.0.0/8");
        assert_eq!(find(&[proxy, network], "https://10.1.2.3"), Ok(None));
        assert!(find(&[proxy, network], "https://11.1.2.3").unwrap().is_some());
        assert_eq!(find(&[proxy, ("REQUEST_METHOD", "GET")], "https://a.example"), Ok(None));
    }
}
