//! The faults of a proxy: what it does to a request instead of forwarding it.

use crate::races::random::Random;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection is reset, and nothing is forwarded.
    ResetBefore,
    /// The request is forwarded, and the connection is reset instead of an answer.
    ResetAfter,
    /// The answer is cut off in the middle.
    Cut,
    /// The request is forwarded twice; the second answer is returned.
    Doubled,
    /// The request is forwarded twice; the first answer is returned.
    DoubledFirst,
    /// The server's own throttling error.
    Throttled,
    /// A gateway's page; nothing is forwarded.
    Page(u16),
    /// A gateway's page after the request was forwarded.
    PageAfter(u16),
    /// A gateway's refusal in JSON, with a code like AWS's errors.
    Refusal(u16),
    /// An empty JSON object, like the answer of a health check.
    Empty,
}

/// All of them, the common ones several times.
const FAULTS: [Fault; 22] = [
    Fault::ResetBefore,
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::ResetAfter,
    Fault::Cut,
    Fault::Doubled,
    Fault::Doubled,
    Fault::DoubledFirst,
    Fault::Throttled,
    Fault::Throttled,
    Fault::Page(500),
    Fault::Page(502),
    Fault::Page(503),
    Fault::Page(503),
    Fault::Page(200),
    Fault::Page(403),
    Fault::Page(404),
    Fault::PageAfter(502),
    Fault::PageAfter(504),
    Fault::Refusal(403),
    Fault::Refusal(404),
    Fault::Empty,
];

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum To {
    Api,
    Registry,
    Check,
}

impl To {
    pub fn of(path: &str) -> To {
        if path.starts_with("/v2") {
            To::Registry
        } else if path.starts_with("/_sandbox") {
            To::Check
        } else {
            To::Api
        }
    }
}

/// The fault that a request meets, if any.
pub fn pick(random: &mut Random, of_a_thousand: u64) -> Option<Fault> {
    random.odds(of_a_thousand).then(|| random.one_of(&FAULTS))
}

/// A whole answer instead of the server's.
pub fn answer(fault: Fault, to: To, is_sts: bool) -> Option<Vec<u8>> {
    let page = |status: u16| {
        let body = format!("<html><head><title>{status}</title></head><body><h1>nginx</h1></body></html>");
        whole(status, "text/html", &body)
    };
    match fault {
        Fault::ResetBefore | Fault::ResetAfter | Fault::Cut | Fault::Doubled | Fault::DoubledFirst => None,
        Fault::Page(status) | Fault::PageAfter(status) => Some(page(status)),
        Fault::Refusal(status) => {
            Some(whole(status, "application/json", r#"{"code":"Forbidden","message":"blocked by policy"}"#))
        }
        Fault::Empty => Some(whole(200, "application/x-amz-json-1.1", "{}")),
        Fault::Throttled => Some(match (to, is_sts) {
            (To::Check, _) => page(429),
            (To::Registry, _) => {
                whole(429, "application/json", r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"Rate exceeded"}]}"#)
            }
            (To::Api, true) => whole(
                400,
                "text/xml",
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                 <Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>r</RequestId></ErrorResponse>",
            ),
            (To::Api, false) => whole(
                400,
                "application/x-amz-json-1.1\r\nx-amzn-requestid: r",
                r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#,
            ),
        }),
    }
}

fn whole(status: u16, content: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} x\r\ncontent-type: {content}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}
