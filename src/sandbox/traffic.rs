//! The recorded traffic: one exchange per line, as JSON, without secrets.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::faults::Disturbance;

/// The headers that are recorded: those that describe a message. Signatures and session tokens are not.
const HEADERS: [&str; 7] =
    ["accept", "content-type", "smithy-protocol", "user-agent", "x-amz-target", "x-amzn-errortype", "x-amzn-requestid"];

/// Members of STS and ECR whose values are secret.
const SECRETS: [&str; 4] = ["SecretAccessKey", "SessionToken", "WebIdentityToken", "authorizationToken"];

/// Where the exchanges of AWS's APIs are written. The registry protocol's and the sandbox's own are left out.
pub struct Traffic {
    peer: String,
    out: Box<dyn Write + Send>,
}

impl Traffic {
    /// The sandbox's own.
    pub fn new(out: impl Write + Send + 'static) -> Traffic {
        Traffic::of("sandbox", out)
    }

    /// Another AWS's, which answers under this name.
    pub fn of(peer: &str, out: impl Write + Send + 'static) -> Traffic {
        Traffic { peer: peer.to_owned(), out: Box::new(out) }
    }

    /// Writes one exchange, in one piece, so that what is killed afterwards leaves whole lines.
    ///
    /// # Errors
    /// Where the line cannot be written.
    pub fn write(&mut self, at: Timestamp, request: &Request<Bytes>, response: &Response<Bytes>) -> io::Result<()> {
        let mut asked = message(request.headers(), request.body());
        asked.insert("method".to_owned(), request.method().as_str().into());
        asked.insert("uri".to_owned(), request.uri().path_and_query().map_or("/", |p| p.as_str()).into());
        // A connection that breaks carries no answer.
        let lost = response.extensions().get::<Disturbance>() == Some(&Disturbance::Reset);
        let answered = (!lost).then(|| {
            let mut answered = message(response.headers(), response.body());
            answered.insert("status".to_owned(), response.status().as_u16().into());
            answered
        });
        let line = json!({"at": at, "peer": self.peer, "request": asked, "response": answered});
        self.out.write_all(format!("{line}\n").as_bytes())?;
        self.out.flush()
    }
}

fn message(headers: &HeaderMap, body: &Bytes) -> Map<String, Value> {
    let header = |name: &&str| Some(((*name).to_owned(), headers.get(*name)?.to_str().ok()?.into()));
    let shown: Map<String, Value> = HEADERS.iter().filter_map(header).collect();
    let mut message = Map::new();
    message.insert("headers".to_owned(), shown.into());
    match std::str::from_utf8(body) {
        Ok(text) => message.insert("text".to_owned(), masked(text).into()),
        Err(_) => message.insert("base64".to_owned(), STANDARD.encode(body).into()),
    };
    message
}

/// The text with each secret value, in JSON or XML, replaced by as many `x`.
fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    for secret in SECRETS {
        let forms = [(format!("\"{secret}\":\""), "\""), (format!("<{secret}>"), "<"), (format!("{secret}="), "&")];
        for (begins, ends) in forms {
            let mut from = 0;
            while let Some(at) = text[from..].find(&begins) {
                let value = from + at + begins.len();
                let length = text[value..].find(ends).unwrap_or(text.len() - value);
                text.replace_range(value..value + length, &"x".repeat(length));
                from = value + length;
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(body: &'static str, disturbed: Option<Disturbance>) -> Value {
        let page = Page::default();
        let request = Request::post("/?x=1").header("authorization", "AWS4 key").header("x-amz-target", "A.B");
        let request = request.body(Bytes::from_static(b"\xff{}")).unwrap();
        let mut response = Response::builder().header("x-amzn-requestid", "7").body(Bytes::from(body)).unwrap();
        if let Some(disturbance) = disturbed {
            response.extensions_mut().insert(disturbance);
        }
        Traffic::new(page.clone()).write(Timestamp::UNIX_EPOCH, &request, &response).unwrap();
        serde_json::from_slice(&page.0.lock().unwrap()).unwrap()
    }

    #[test]
    fn an_exchange_is_a_line_without_its_signature() {
        let line = written("{}", None);
        assert_eq!(line["request"]["headers"], json!({"x-amz-target": "A.B"}));
        assert_eq!((&line["request"]["uri"], &line["request"]["base64"]), (&"/?x=1".into(), &"/3t9".into()));
        assert_eq!((&line["response"]["status"], &line["response"]["text"]), (&200.into(), &"{}".into()));
        assert_eq!(written("{}", Some(Disturbance::Delay(1)))["response"]["text"], "{}");
        assert_eq!(written("{}", Some(Disturbance::Reset))["response"], Value::Null);
    }

    #[test]
    fn what_opens_something_is_masked_and_keeps_its_length() {
        let json = r#"{"authorizationToken":"abc","expiresAt":1,"other":"d"}"#;
        assert_eq!(masked(json), r#"{"authorizationToken":"xxx","expiresAt":1,"other":"d"}"#);
        let xml = "<SecretAccessKey>ab</SecretAccessKey><A/><SessionToken>c</SessionToken>";
        assert_eq!(masked(xml), "<SecretAccessKey>xx</SecretAccessKey><A/><SessionToken>x</SessionToken>");
    }
}
