//! What a registry's answers, and its silence, mean for what may be done next.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::Deserialize;

use crate::model::fault::registry::{Awaited, RedirectRefusal, RegistryProblem, Silence, UnusableAnswer, Work};
use crate::model::fault::{Fault, FaultKind};
use crate::model::registry_login::RegistryLogin;

/// The header by which a registry says that it is one.
pub const API_VERSION: &str = "docker-distribution-api-version";

/// Whether the request that failed changes something that a repetition would change again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// A read, or a write of content under its own digest: may be repeated.
    Repeatable,
    /// A tag is moved: repeated only where it is certain that nothing happened.
    Once,
}

/// Why a request has no useful answer.
#[derive(Debug)]
pub enum RequestError {
    /// The registry refuses, in its own form.
    Refused {
        status: u16,
        errors: Vec<RegistryError>,
        /// The address of the token server, where it refuses and not the registry.
        token_server: Option<String>,
    },
    /// Too many requests; nothing happened.
    Throttled(String),
    /// A server's own failure.
    Server(String),
    /// An answer that is not a registry's: something in between answered.
    Foreign(Foreign),
    /// The registry no longer knows the upload that it began: it is begun again.
    UploadLost,
    /// The login expired during an upload, which is begun again.
    LoginExpired,
    /// Nothing came back.
    Silent { why: String, sent: bool },
    /// Something did not come in time.
    TimedOut { awaited: Awaited, seconds: u64 },
    /// A file of this machine cannot be read.
    File(std::io::Error),
    /// The answer is the registry's, but it cannot be used.
    Unusable(UnusableAnswer),
    /// The lease stopped it before it was sent.
    NotSent(Fault),
}

/// An answer of something that is not a registry, or a redirect that may be one.
#[derive(Debug)]
pub enum Foreign {
    /// `words`: the other side's own, after the status.
    Answer {
        status: u16,
        words: String,
    },
    Redirect(RedirectRefusal),
}

/// Ends a request at a redirect, through the client's own error.
#[derive(Debug, thiserror::Error)]
#[error("{0:?}")]
pub struct NotFollowed(pub RedirectRefusal);

/// One of the registry's own errors (OCI distribution-spec, "Error Codes").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RegistryError {
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub message: String,
}

#[derive(Deserialize)]
struct Envelope {
    errors: Vec<RegistryError>,
}

impl RequestError {
    /// A request that got no answer, or only the beginning of one.
    pub fn silent(error: reqwest::Error) -> RequestError {
        // Addresses of storage contain a permission.
        let error = error.without_url();
        if let Some(NotFollowed(refusal)) = root_cause(&error).downcast_ref() {
            return RequestError::Foreign(Foreign::Redirect(refusal.clone()));
        }
        // Without a connection nothing was sent.
        RequestError::Silent { why: root_cause(&error).to_string(), sent: !(error.is_connect() || error.is_builder()) }
    }

    /// An unsuccessful answer, with the part of its body that counts.
    pub fn of_answer(status: u16, headers: &HeaderMap, body: &[u8]) -> RequestError {
        let errors = registry_errors(body);
        let words = || words(status, headers, &errors, body);
        if status == 429 || errors.iter().any(|e| e.code == "TOOMANYREQUESTS") {
            return RequestError::Throttled(words());
        }
        match status {
            408 | 500.. => RequestError::Server(words()),
            400..500 if !errors.is_empty() || headers.contains_key(API_VERSION) => {
                RequestError::Refused { status, errors, token_server: None }
            }
            _ => RequestError::Foreign(Foreign::Answer { status, words: words() }),
        }
    }

    /// A success that does not have the form that was asked for.
    pub fn foreign(status: u16, headers: &HeaderMap) -> RequestError {
        RequestError::Foreign(Foreign::Answer { status, words: words(status, headers, &[], b"") })
    }

    /// What kind of failure this is.
    pub fn kind(&self, nature: Nature) -> FaultKind {
        let unanswered = match nature {
            Nature::Repeatable => FaultKind::Unreachable,
            Nature::Once => FaultKind::Ambiguous,
        };
        match self {
            RequestError::Refused { status, errors, .. } => {
                errors.iter().find_map(|e| kind_of_code(&e.code)).unwrap_or(match status {
                    401 | 403 => FaultKind::AccessDenied,
                    404 => FaultKind::NotFound,
                    _ => FaultKind::Invalid,
                })
            }
            RequestError::Throttled(_) => FaultKind::Throttled,
            RequestError::Server(_) | RequestError::Foreign { .. } => unanswered,
            RequestError::UploadLost | RequestError::LoginExpired => unanswered,
            RequestError::Silent { sent: true, .. } | RequestError::TimedOut { .. } => unanswered,
            RequestError::Silent { sent: false, .. } => FaultKind::Unreachable,
            RequestError::File(_) => FaultKind::BuildFailed,
            RequestError::Unusable(_) => FaultKind::Invalid,
            RequestError::NotSent(fault) => fault.kind(),
        }
    }

    /// Whether the registry says that the named thing is not there.
    pub fn is_absent(&self) -> bool {
        self.kind(Nature::Repeatable) == FaultKind::NotFound
    }

    /// Whether the registry says that it does not know the upload.
    pub fn is_lost_upload(&self) -> bool {
        let lost = |e: &RegistryError| e.code == "BLOB_UPLOAD_UNKNOWN" || e.code == "BLOB_UPLOAD_INVALID";
        matches!(self, RequestError::Refused { status, errors, .. } if *status == 404 || errors.iter().any(lost))
    }

    /// As a fault; `login`: which one was used.
    pub fn fault(&self, nature: Nature, work: Work, login: Option<&RegistryLogin>) -> Fault {
        let (silence, said) = match self {
            RequestError::Refused { status, errors, token_server } => {
                let token_server = token_server.clone();
                let said = said(errors);
                let said = if said.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {said}") };
                let problem = match self.kind(nature) {
                    FaultKind::AccessDenied => RegistryProblem::Denied { work, login: login.cloned(), token_server },
                    FaultKind::NotFound => RegistryProblem::NotThere { work, token_server },
                    FaultKind::Throttled => RegistryProblem::Throttled { work },
                    FaultKind::Invalid
                    | FaultKind::CredentialsRefused
                    | FaultKind::WrongAccount
                    | FaultKind::Unreachable
                    | FaultKind::Ambiguous
                    | FaultKind::BuildFailed
                    | FaultKind::ToolMissing
                    | FaultKind::Changed
                    | FaultKind::Defect => RegistryProblem::Refused { work, token_server },
                };
                return Fault::from(problem).said(said);
            }
            RequestError::Throttled(words) => {
                return Fault::from(RegistryProblem::Throttled { work }).said(words.clone());
            }
            RequestError::File(error) => {
                return Fault::from(RegistryProblem::FileUnreadable { work }).said(error.to_string());
            }
            RequestError::Unusable(why) => return RegistryProblem::Unusable { work, why: why.clone() }.into(),
            RequestError::NotSent(fault) => return fault.clone(),
            RequestError::UploadLost => (Silence::LostUpload, None),
            RequestError::LoginExpired => (Silence::LoginExpired, None),
            RequestError::Server(words) => (Silence::ServerError, Some(words)),
            RequestError::Foreign(Foreign::Answer { words, .. }) => (Silence::Foreign, Some(words)),
            RequestError::Foreign(Foreign::Redirect(refusal)) => (Silence::Redirect(refusal.clone()), None),
            RequestError::TimedOut { awaited, seconds } => {
                (Silence::TimedOut { awaited: *awaited, seconds: *seconds }, None)
            }
            RequestError::Silent { why, .. } => (Silence::NoAnswer, Some(why)),
        };
        let problem = match self.kind(nature) == FaultKind::Ambiguous {
            true => RegistryProblem::NoClearAnswer { work, silence },
            false => RegistryProblem::NoAnswer { work, silence },
        };
        Fault { said: said.cloned(), ..problem.into() }
    }
}

fn kind_of_code(code: &str) -> Option<FaultKind> {
    match code {
        "UNAUTHORIZED" | "DENIED" => Some(FaultKind::AccessDenied),
        "TOOMANYREQUESTS" => Some(FaultKind::Throttled),
        "BLOB_UNKNOWN" | "MANIFEST_UNKNOWN" | "NAME_UNKNOWN" | "NOT_FOUND" => Some(FaultKind::NotFound),
        "BLOB_UPLOAD_INVALID"
        | "BLOB_UPLOAD_UNKNOWN"
        | "DIGEST_INVALID"
        | "MANIFEST_BLOB_UNKNOWN"
        | "MANIFEST_INVALID"
        | "MANIFEST_UNVERIFIED"
        | "NAME_INVALID"
        | "SIZE_INVALID"
        | "TAG_INVALID"
        | "UNSUPPORTED" => Some(FaultKind::Invalid),
        _ => None,
    }
}

fn registry_errors(body: &[u8]) -> Vec<RegistryError> {
    let found = serde_json::from_slice::<Envelope>(body).map(|e| e.errors).unwrap_or_default();
    found.into_iter().filter(|e| !e.code.is_empty()).collect()
}

fn said(errors: &[RegistryError]) -> String {
    let one = |e: &RegistryError| match (e.message.is_empty(), e.code.is_empty()) {
        (true, _) => e.code.clone(),
        (false, true) => e.message.clone(),
        (false, false) => format!("{} ({})", e.message, e.code),
    };
    errors.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The other side's words after its status; of an answer without any, its media type. A page of HTML has none that help.
fn words(status: u16, headers: &HeaderMap, errors: &[RegistryError], body: &[u8]) -> String {
    if !errors.is_empty() {
        return format!("HTTP {status}: {}", said(errors));
    }
    let media_type = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() || text.starts_with('<') || text.starts_with('{') {
        return if media_type.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status} ({media_type})") };
    }
    format!("HTTP {status}: {}", text.chars().take(200).collect::<String>())
}

/// An error down to its cause: what reqwest says by itself is only that it could not send.
fn root_cause(error: &reqwest::Error) -> &(dyn std::error::Error + 'static) {
    let mut root: &(dyn std::error::Error + 'static) = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn answer(code: u16, body: &str) -> RequestError {
        RequestError::of_answer(code, &HeaderMap::new(), body.as_bytes())
    }

    fn work() -> Work {
        Work::SetTag { repository: "r.example/app".into(), tag: "v1".into() }
    }

    fn registrys(code: u16) -> RequestError {
        let mut headers = HeaderMap::new();
        headers.insert(API_VERSION, "registry/2.0".parse().unwrap());
        RequestError::of_answer(code, &headers, b"")
    }

    #[rstest]
    #[case(registrys(401), FaultKind::AccessDenied)]
    #[case(registrys(403), FaultKind::AccessDenied)]
    #[case(registrys(404), FaultKind::NotFound)]
    #[case(answer(429, "<html>"), FaultKind::Throttled)]
    #[case(answer(400, r#"{"errors":[{"code":"TAG_INVALID","message":"immutable"}]}"#), FaultKind::Invalid)]
    #[case(answer(400, r#"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#), FaultKind::Throttled)]
    #[case(answer(400, r#"{"errors":[{"code":"DENIED"}]}"#), FaultKind::AccessDenied)]
    #[case(answer(404, r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#), FaultKind::NotFound)]
    #[case(answer(413, r#"{"errors":[{"code":"SIZE_INVALID","message":"too large"}]}"#), FaultKind::Invalid)]
    #[case(registrys(413), FaultKind::Invalid)]
    fn a_refusal_is_the_same_whatever_was_asked(#[case] error: RequestError, #[case] kind: FaultKind) {
        assert_eq!(error.kind(Nature::Repeatable), kind);
        assert_eq!(error.kind(Nature::Once), kind);
    }

    #[rstest]
    #[case(answer(401, "<html>log in to the guest network</html>"))]
    #[case(answer(403, "blocked by policy"))]
    #[case(answer(404, "<html>not found</html>"))]
    #[case(answer(404, "{}"))]
    #[case(answer(413, "<html>nginx</html>"))]
    #[case(answer(302, ""))]
    #[case(answer(502, ""))]
    fn an_answer_that_is_not_the_registrys_makes_a_tag_write_ambiguous_but_not_a_read(#[case] error: RequestError) {
        assert_eq!(error.kind(Nature::Repeatable), FaultKind::Unreachable);
        assert_eq!(error.kind(Nature::Once), FaultKind::Ambiguous);
        let fault = error.fault(Nature::Repeatable, work(), None);
        assert_eq!(fault.code(), "registry-not-answered");
        assert!(fault.said.unwrap().starts_with("HTTP "));
    }

    #[tokio::test]
    async fn without_a_connection_nothing_was_sent() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let refused = client.get(format!("http://{free}/v2/")).send().await.unwrap_err();
        assert_eq!(RequestError::silent(refused).kind(Nature::Once), FaultKind::Unreachable);
    }

    #[test]
    fn the_registrys_own_words_are_the_cause() {
        let refused = answer(400, r#"{"errors":[{"code":"TAG_INVALID","message":"the tag is immutable"}]}"#);
        let fault = refused.fault(Nature::Once, work(), None);
        assert_eq!(
            fault,
            Fault::from(RegistryProblem::Refused { work: work(), token_server: None })
                .said("HTTP 400: the tag is immutable (TAG_INVALID)")
        );
    }
}
