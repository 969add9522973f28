//! AWS's own models of its services, as botocore has them: `botocore/data/SERVICE/DATE/service-2.json.gz`.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use flate2::read::GzDecoder;
use serde_json::{Map, Value};

/// The services that kanmon or its tests call; the last four are called by tests of emulators only.
pub const SERVICES: [&str; 10] =
    ["sts", "ecr", "ecs", "inspector2", "codepipeline", "dynamodb", "sns", "sqs", "events", "cloudformation"];

/// One service's model.
pub struct Service {
    pub name: &'static str,
    model: Value,
}

/// All of them; `None` if botocore is not installed.
pub fn models() -> Option<&'static [Service]> {
    static MODELS: OnceLock<Option<Vec<Service>>> = OnceLock::new();
    MODELS.get_or_init(|| Some(load(&data()?))).as_deref()
}

/// The Python environment that `tests/run` creates from tests/models.txt.
pub fn environment() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_kanmon")).ancestors().nth(2).expect("TARGET/debug/kanmon");
    target.join("models")
}

fn data() -> Option<PathBuf> {
    let versions = std::fs::read_dir(environment().join("lib")).ok()?.filter_map(Result::ok);
    versions.map(|v| v.path().join("site-packages/botocore/data")).find(|d| d.is_dir())
}

fn load(data: &Path) -> Vec<Service> {
    SERVICES.map(|name| Service { name, model: newest(&data.join(name)) }).into()
}

fn newest(folder: &Path) -> Value {
    let dates = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let date = dates.map(|d| d.unwrap().path()).filter(|d| d.is_dir()).max().expect("a version");
    let text = match std::fs::read(date.join("service-2.json.gz")) {
        Ok(packed) => {
            let mut text = String::new();
            GzDecoder::new(packed.as_slice()).read_to_string(&mut text).expect("gzip");
            text
        }
        Err(_) => std::fs::read_to_string(date.join("service-2.json")).expect("a model"),
    };
    serde_json::from_str(&text).expect("a model is JSON")
}

impl Service {
    /// A member of the model's metadata; empty if it is missing.
    pub fn metadata(&self, name: &str) -> &str {
        self.model["metadata"][name].as_str().unwrap_or_default()
    }

    /// Whether the service speaks this protocol.
    pub fn speaks(&self, protocol: &str) -> bool {
        let all = self.model["metadata"]["protocols"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().any(|p| p == protocol)
    }

    pub fn operations(&self) -> &Map<String, Value> {
        self.model["operations"].as_object().expect("operations")
    }

    pub fn operation(&self, name: &str) -> Option<&Value> {
        self.operations().get(name)
    }

    pub fn shape(&self, name: &str) -> &Value {
        &self.model["shapes"][name]
    }

    /// The shape of an operation's `input` or `output`, if it has one.
    pub fn side<'s>(&self, operation: &'s Value, side: &str) -> Option<&'s str> {
        operation[side]["shape"].as_str()
    }

    /// The error of an operation with this code: the name of its shape, and the shape.
    pub fn error<'s>(&'s self, operation: &'s Value, code: &str) -> Option<(&'s str, &'s Value)> {
        let errors = operation["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let named = errors.iter().filter_map(|e| e["shape"].as_str()).map(|name| (name, self.shape(name)));
        named.into_iter().find(|(name, shape)| shape["error"]["code"].as_str().unwrap_or(name) == code)
    }
}
