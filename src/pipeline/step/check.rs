//! `check: …`: `http` or `command`.

use jiff::SignedDuration;

use super::kind::{InStage, Kind, Shown};
use crate::model::ids::AccountName;
use crate::model::step::Step;
use crate::model::step::check::Check;
use crate::outside::address;
use crate::pipeline::duration;
use crate::pipeline::reader::{Reader, Section};
use crate::pipeline::shape::{Field, Record, Rule, Shape, may};
use crate::pipeline::yaml::{Kind as Form, Node};
use crate::report::check as check_words;

/// A service that was just proven to run answers within seconds.
const HTTP_TIMEOUT: SignedDuration = SignedDuration::from_mins(1);
/// End-to-end tests take minutes.
const COMMAND_TIMEOUT: SignedDuration = SignedDuration::from_mins(15);

pub const FIELD: Field = may("check", Shape::Record(&CHECK), "an HTTP request or a command that must succeed");

static CHECK: Record = Record {
    about: "Exactly one of `http` and `command`.",
    fields: &[
        may("http", Shape::Text, "a URL, asked until it answers as expected"),
        may("status", Shape::Whole(100, 599), "the status that it must answer with").or("200"),
        may("contains", Shape::Text, "what the answer must contain"),
        may("command", Shape::List(&Shape::Written), "a program and its arguments; exit code 0 passes"),
        may("account", Shape::Text, "the account whose credentials the command gets; without it, none"),
        may("timeout", Shape::Duration, "how long it may take").or_else("`1m` for http, `15m` for a command"),
    ],
    rules: &[
        Rule::One(&["http", "command"]),
        Rule::Excludes("http", &["account"]),
        Rule::Excludes("command", &["status", "contains"]),
    ],
};

pub static KIND: Kind =
    Kind { field: &FIELD, read: |reader, node, around| check(reader, node, around).map(Step::Check) };

fn check(reader: &mut Reader<'_>, node: &Node, around: &InStage<'_>) -> Option<Check> {
    let timeout = |default| node.get("timeout").and_then(Node::text).and_then(duration::parse).unwrap_or(default);
    match (node.get("http"), node.get("command")) {
        (None, None) => {
            if matches!(node.kind, Form::Map(_)) {
                reader.say_hint(around.owner, "this check is empty", "write one of: http, command");
            }
            None
        }
        (Some(_), Some(command)) => {
            let at = node.key("command").map_or(command.span, |k| k.span);
            reader.say_hint(at, "a check cannot have both `http` and `command`", "write two checks");
            None
        }
        (Some(http), None) => Some(Check::Http {
            url: {
                if let Some(key) = node.key("account") {
                    reader.say_hint(
                        key.span,
                        "`account` cannot be used with `http`",
                        "remove it: the request is sent without credentials",
                    );
                }
                let url = reader.url(http)?;
                if let Some(host) = address::metadata_host(&url) {
                    reader.say(http.span, check_words::metadata(&host));
                    return None;
                }
                url
            },
            status: node.get("status").and_then(Node::integer).unwrap_or(200),
            contains: node.get("contains").and_then(Node::text).map(str::to_owned),
            timeout: timeout(HTTP_TIMEOUT),
        }),
        (None, Some(command)) => {
            for key in ["status", "contains"].iter().filter_map(|k| node.key(k)) {
                reader.say_hint(
                    key.span,
                    format!("`{}` cannot be used with a command", key.name),
                    "remove it: a command passes with exit code 0",
                );
            }
            let argv = Reader::words(Some(command));
            let account = node.get("account").and_then(|n| reader.refer::<AccountName>(Section::Accounts, n));
            (!argv.is_empty()).then(|| Check::Command { argv, timeout: timeout(COMMAND_TIMEOUT), account })
        }
    }
}

impl Shown for Check {
    fn shown(&self) -> String {
        match self {
            Check::Http { url, status, .. } => format!("check {url} answers {status}"),
            Check::Command { argv, account, .. } => {
                let with = account.as_ref().map(|a| format!(" with the credentials of {a}")).unwrap_or_default();
                format!("check `{}`{with}", argv.join(" "))
            }
        }
    }
}
