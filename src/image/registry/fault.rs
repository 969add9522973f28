//! What a registry's errors mean for what may be done next.

use oci_client::errors::{OciDistributionError, OciErrorCode};

use crate::model::fault::{Fault, FaultKind};

/// Whether the request that failed changes something that a repetition would change again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// A read, or a write of content under its own digest: may be repeated.
    Repeatable,
    /// A tag is moved: repeated only where it is certain that nothing happened.
    Once,
}

/// What kind of failure this is.
pub fn kind_of(error: &OciDistributionError, nature: Nature) -> FaultKind {
    let unanswered = match nature {
        Nature::Repeatable => FaultKind::Unreachable,
        Nature::Once => FaultKind::Ambiguous,
    };
    match error {
        OciDistributionError::UnauthorizedError { .. } => FaultKind::AccessDenied,
        OciDistributionError::AuthenticationFailure(body) => match kind_in_envelope(body) {
            Some(FaultKind::Throttled) => FaultKind::Throttled,
            _ => FaultKind::AccessDenied,
        },
        OciDistributionError::RegistryError { envelope, .. } => {
            envelope.errors.iter().find_map(|e| kind_of_code(&e.code)).unwrap_or(FaultKind::Invalid)
        }
        OciDistributionError::ServerError { code, message, .. } => kind_of_status(*code, message, unanswered),
        OciDistributionError::RequestError(e) => match e.status() {
            Some(status) => kind_of_status(status.as_u16(), "", unanswered),
            // A connection that never stood carried nothing.
            None if e.is_connect() || e.is_builder() => FaultKind::Unreachable,
            None => unanswered,
        },
        OciDistributionError::IoError(_) => unanswered,
        OciDistributionError::ImageManifestNotFoundError(_) => FaultKind::NotFound,
        OciDistributionError::DigestError(_)
        | OciDistributionError::ConfigConversionError(_)
        | OciDistributionError::GenericError(_)
        | OciDistributionError::HeaderValueError(_)
        | OciDistributionError::ImageIndexParsingNoPlatformResolverError
        | OciDistributionError::IncompatibleLayerMediaTypeError(_)
        | OciDistributionError::JsonError(_)
        | OciDistributionError::ManifestEncodingError(_)
        | OciDistributionError::ManifestParsingError(_)
        | OciDistributionError::PushNoDataError
        | OciDistributionError::PushLayerNoDataError
        | OciDistributionError::PullNoLayersError
        | OciDistributionError::RegistryNoDigestError
        | OciDistributionError::RegistryNoLocationError
        | OciDistributionError::RegistryTokenDecodeError(_)
        | OciDistributionError::SpecViolationError(_)
        | OciDistributionError::UrlParseError(_)
        | OciDistributionError::UnsupportedMediaTypeError(_)
        | OciDistributionError::UnsupportedSchemaVersionError(_)
        | OciDistributionError::VersionedParsingError(_) => FaultKind::Invalid,
    }
}

/// Whether the error says that the named thing is not there.
pub fn is_absent(error: &OciDistributionError) -> bool {
    kind_of(error, Nature::Repeatable) == FaultKind::NotFound
}

/// A failed request as a fault; `what` is the sentence's subject, e.g. `the registry did not take layer sha256:…`.
pub fn fault_of(error: &OciDistributionError, nature: Nature, what: &str) -> Fault {
    let kind = kind_of(error, nature);
    let fault = Fault::new(kind, what).cause(words(error));
    match kind {
        FaultKind::AccessDenied => fault.hint("check the login for this registry, and the repository's policy"),
        FaultKind::Unreachable => fault.hint("check the registry's host, the network and HTTPS_PROXY / NO_PROXY"),
        _ => fault,
    }
}

fn kind_of_status(status: u16, body: &str, unanswered: FaultKind) -> FaultKind {
    match status {
        401 | 403 => FaultKind::AccessDenied,
        404 => FaultKind::NotFound,
        429 => FaultKind::Throttled,
        400..500 => kind_in_envelope(body).unwrap_or(FaultKind::Invalid),
        _ => unanswered,
    }
}

/// ECR answers some denials and throttles with 400 and says what they are in the body's code only.
fn kind_in_envelope(body: &str) -> Option<FaultKind> {
    let envelope: oci_client::errors::OciEnvelope = serde_json::from_str(body).ok()?;
    envelope.errors.iter().find_map(|e| kind_of_code(&e.code))
}

fn kind_of_code(code: &OciErrorCode) -> Option<FaultKind> {
    match code {
        OciErrorCode::Unauthorized | OciErrorCode::Denied => Some(FaultKind::AccessDenied),
        OciErrorCode::Toomanyrequests => Some(FaultKind::Throttled),
        OciErrorCode::BlobUnknown
        | OciErrorCode::ManifestUnknown
        | OciErrorCode::NameUnknown
        | OciErrorCode::NotFound => Some(FaultKind::NotFound),
        OciErrorCode::BlobUploadInvalid
        | OciErrorCode::BlobUploadUnknown
        | OciErrorCode::DigestInvalid
        | OciErrorCode::ManifestBlobUnknown
        | OciErrorCode::ManifestInvalid
        | OciErrorCode::ManifestUnverified
        | OciErrorCode::NameInvalid
        | OciErrorCode::SizeInvalid
        | OciErrorCode::TagInvalid
        | OciErrorCode::Unsupported => Some(FaultKind::Invalid),
        OciErrorCode::Other(_) => None,
    }
}

/// The other side's words, down to the cause, without the envelope around them.
fn words(error: &OciDistributionError) -> String {
    let from_envelope = |body: &str| {
        let envelope: oci_client::errors::OciEnvelope = serde_json::from_str(body).ok()?;
        let said: Vec<String> = envelope
            .errors
            .iter()
            .map(|e| match serde_json::to_value(&e.code) {
                Ok(serde_json::Value::String(code)) if e.message.is_empty() => code,
                Ok(serde_json::Value::String(code)) => format!("{} ({code})", e.message),
                _ => e.message.clone(),
            })
            .collect();
        (!said.is_empty()).then(|| said.join("; "))
    };
    match error {
        OciDistributionError::ServerError { code, message, .. } => match from_envelope(message) {
            Some(said) => format!("HTTP {code}: {said}"),
            None if message.trim().is_empty() => format!("HTTP {code}"),
            None => format!("HTTP {code}: {}", message.trim().chars().take(300).collect::<String>()),
        },
        OciDistributionError::RegistryError { envelope, .. } => {
            serde_json::to_string(envelope).ok().and_then(|e| from_envelope(&e)).unwrap_or_else(|| error.to_string())
        }
        OciDistributionError::AuthenticationFailure(body) => {
            from_envelope(body).unwrap_or_else(|| body.trim().chars().take(300).collect())
        }
        _ => {
            let mut said = error.to_string();
            let mut source = std::error::Error::source(error);
            while let Some(cause) = source {
                let text = cause.to_string();
                if !said.contains(&text) {
                    said = format!("{said}: {text}");
                }
                source = cause.source();
            }
            said
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn server(code: u16, message: &str) -> OciDistributionError {
        OciDistributionError::ServerError { code, url: "http://r/v2/".into(), message: message.into() }
    }

    #[rstest]
    #[case(401, "", FaultKind::AccessDenied)]
    #[case(403, "", FaultKind::AccessDenied)]
    #[case(404, "", FaultKind::NotFound)]
    #[case(429, "", FaultKind::Throttled)]
    #[case(400, r#"{"errors":[{"code":"TAG_INVALID","message":"immutable"}]}"#, FaultKind::Invalid)]
    #[case(400, r#"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#, FaultKind::Throttled)]
    #[case(400, r#"{"errors":[{"code":"DENIED"}]}"#, FaultKind::AccessDenied)]
    #[case(413, "too large", FaultKind::Invalid)]
    fn a_refusal_is_the_same_whatever_was_asked(#[case] code: u16, #[case] body: &str, #[case] kind: FaultKind) {
        assert_eq!(kind_of(&server(code, body), Nature::Repeatable), kind);
        assert_eq!(kind_of(&server(code, body), Nature::Once), kind);
    }

    #[test]
    fn a_server_error_leaves_a_moved_tag_in_doubt_and_a_read_not() {
        assert_eq!(kind_of(&server(502, ""), Nature::Repeatable), FaultKind::Unreachable);
        assert_eq!(kind_of(&server(502, ""), Nature::Once), FaultKind::Ambiguous);
    }

    #[tokio::test]
    async fn a_connection_that_never_stood_leaves_nothing_in_doubt() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let refused = client.get(format!("http://{free}/v2/")).send().await.unwrap_err();
        assert_eq!(kind_of(&refused.into(), Nature::Once), FaultKind::Unreachable);
    }

    #[test]
    fn the_registrys_own_words_are_the_cause() {
        let refused = server(400, r#"{"errors":[{"code":"TAG_INVALID","message":"the tag is immutable"}]}"#);
        let fault = fault_of(&refused, Nature::Once, "the tag was not set");
        assert_eq!(fault.to_string(), "the tag was not set: HTTP 400: the tag is immutable (TAG_INVALID)");
    }
}
