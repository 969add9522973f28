//! Every line of JSON that the commands of these tests print, against the schema that kanmon prints: judged by Python's jsonschema.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex};

use serde_json::Value;

/// Reads the schema, then a value a line; answers each with why it does not fit, as a list.
const JUDGE: &str = r#"
import json, sys
from jsonschema import Draft202012Validator
schema = json.loads(sys.stdin.readline())
Draft202012Validator.check_schema(schema)
forms = {}
for one in schema["anyOf"]:
    forms.setdefault(one["title"], []).append(Draft202012Validator(one))
print("ready", flush=True)
for line in sys.stdin:
    value = json.loads(line)
    found = [[e.json_path + ": " + e.message[:300] for e in form.iter_errors(value)] for form in forms.get(value.get("kind"), [])]
    wrong = [] if [] in found else found or ["its kind is not listed"]
    print(json.dumps(wrong), flush=True)
"#;

/// The judge, one for all tests of this process.
struct Judge {
    _process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Judge {
    fn start() -> Option<Mutex<Judge>> {
        let mut command = Command::new("python3");
        command.args(["-c", JUDGE]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().ok()?;
        let (to, from) = (process.stdin.take()?, BufReader::new(process.stdout.take()?));
        let mut judge = Judge { _process: process, to, from };
        let schema =
            Command::new(env!("CARGO_BIN_EXE_kanmon")).args(["schema", "output"]).env_clear().output().unwrap();
        let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
        let answer = judge.ask(&schema);
        (answer.as_deref() == Some("ready")).then(|| Mutex::new(judge))
    }

    fn ask(&mut self, value: &Value) -> Option<String> {
        writeln!(self.to, "{value}").ok()?;
        let mut line = String::new();
        self.from.read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    }
}

static JUDGED_BY: LazyLock<Option<Mutex<Judge>>> = LazyLock::new(Judge::start);

/// Why a line is not as in the schema; nothing where there is no Python with jsonschema. (The binary suite has it, and a test of its own.)
pub fn mismatch(line: &Value) -> Option<String> {
    let judge = JUDGED_BY.as_ref()?;
    // A test that failed while it asked leaves the judge as it was.
    let answer = judge.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).ask(line).expect("an answer");
    (answer != "[]").then_some(answer)
}
