//! What a registry asks for before it answers (RFC 9110, `WWW-Authenticate`; distribution, "token authentication").

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// A way to log in that this client knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

/// The challenge that an answer brings; a token is preferred to the password itself. `None`: none that is known here.
pub fn of(headers: &HeaderMap) -> Option<Challenge> {
    let mut basic = None;
    for value in headers.get_all(WWW_AUTHENTICATE) {
        for (scheme, parameters) in challenges(value.to_str().ok()?) {
            let parameter =
                |name: &str| parameters.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone());
            if scheme.eq_ignore_ascii_case("bearer") {
                let Some(realm) = parameter("realm") else { continue };
                return Some(Challenge::Bearer { realm, service: parameter("service"), scope: parameter("scope") });
            }
            if scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Challenge::Basic);
            }
        }
    }
    basic
}

type Parameters = Vec<(String, String)>;

/// `Scheme name="value", name=value, Scheme …`
fn challenges(text: &str) -> Vec<(String, Parameters)> {
    let mut found: Vec<(String, Parameters)> = Vec::new();
    for item in items(text) {
        let (head, rest) = item.split_once([' ', '\t']).map_or((item.as_str(), ""), |(h, r)| (h, r.trim()));
        let parameter = if head.contains('=') {
            item.as_str()
        } else {
            found.push((head.to_owned(), Vec::new()));
            rest
        };
        if let (Some((name, value)), Some((_, parameters))) = (parameter.split_once('='), found.last_mut()) {
            let value = value.trim().trim_matches('"').replace("\\\"", "\"");
            parameters.push((name.trim().to_owned(), value));
        }
    }
    found
}

/// The parts between commas that no quotes enclose.
fn items(text: &str) -> Vec<String> {
    let (mut items, mut item, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for c in text.chars() {
        match c {
            ',' if !quoted => items.push(std::mem::take(&mut item)),
            _ => {
                if c == '"' && !escaped {
                    quoted = !quoted;
                }
                escaped = c == '\\' && !escaped;
                item.push(c);
            }
        }
    }
    items.push(item);
    items.into_iter().map(|i| i.trim().to_owned()).filter(|i| !i.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
        }
        of(&headers)
    }

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
        let owned = |t: Option<&str>| t.map(str::to_owned);
        Some(Challenge::Bearer { realm: realm.into(), service: owned(service), scope: owned(scope) })
    }

    #[test]
    fn a_token_is_preferred_and_commas_in_quotes_separate_nothing() {
        let hub = r#"Bearer realm="https://auth.example/token",service="r.example",scope="repository:a:pull,push""#;
        let expected = bearer("https://auth.example/token", Some("r.example"), Some("repository:a:pull,push"));
        assert_eq!(read(&[hub]), expected);
        assert_eq!(read(&["Basic realm=\"x\"", hub]), expected);
        assert_eq!(read(&[&format!("Basic realm=\"x\", {hub}")]), expected);
        assert_eq!(read(&["bearer realm=https://a.example/t"]), bearer("https://a.example/t", None, None));
    }

    #[rstest]
    #[case(&["Basic realm=\"http://r/\",service=\"ecr.amazonaws.com\""], Some(Challenge::Basic))]
    #[case(&["Basic"], Some(Challenge::Basic))]
    #[case(&["Bearer service=\"no realm\""], None)]
    #[case(&["Negotiate"], None)]
    #[case(&[""], None)]
    #[case(&[], None)]
    fn an_invalid_challenge_is_ignored(#[case] values: &[&str], #[case] expected: Option<Challenge>) {
        assert_eq!(read(values), expected);
    }
}
