//! `images`: where each image is stored, and how it is built.

use std::collections::BTreeMap;

use super::diagnostics::Span;
use super::files::Root;
use super::reader::{Reader, Section};
use super::schema::DOCKERFILE_KEYS;
use super::yaml::{Kind, Node};
use crate::model::ids::{AccountName, ImageName};
use crate::model::pipeline::{Build, ImageSpec, LayerFiles, LayersSpec, Tool};

const PLATFORM: &str = "linux/amd64";
const SCRATCH: &str = "scratch";

pub fn read(reader: &mut Reader<'_>) -> BTreeMap<ImageName, ImageSpec> {
    let mut images = BTreeMap::new();
    for (key, node) in reader.document.get(Section::Images.key()).map_or(&[][..], Node::entries) {
        let name = reader.key::<ImageName>(key);
        let account = node.get("account").and_then(|n| reader.refer::<AccountName>(Section::Accounts, n));
        let repository = node.get("repository").and_then(|n| repository(reader, n));
        let platforms = platforms(reader, node.get("platforms"));
        let build = build(reader, node, key.span);
        if let (Some(name), Some(account), Some(repository), Some(build)) = (name, account, repository, build) {
            images.insert(name, ImageSpec { account, repository, platforms, build });
        }
    }
    images
}

/// ECR's `RepositoryName`: 2 to 256 characters; words of lower-case letters and digits, joined by `.`, `_`, `__`, hyphens
/// or `/`.
fn repository(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let text = node.text()?;
    let word = |w: &str| {
        let joints: Vec<&str> =
            w.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()).filter(|j| !j.is_empty()).collect();
        w.starts_with(|c: char| c.is_ascii_alphanumeric())
            && w.ends_with(|c: char| c.is_ascii_alphanumeric())
            && joints.iter().all(|j| matches!(*j, "." | "_" | "__") || j.bytes().all(|b| b == b'-'))
    };
    let with_host = text.contains(".dkr.ecr.") || text.contains(".dkr-ecr.");
    if (2..=256).contains(&text.len()) && text.split('/').all(word) && !with_host {
        return Some(text.to_owned());
    }
    let hint = if with_host {
        "write the name only: kanmon gets the registry's address from ECR".to_owned()
    } else if text.contains(':') {
        "write the name only, without a tag".to_owned()
    } else {
        "use lower-case letters and digits, joined by - _ . or /".to_owned()
    };
    reader.say_hint(node.span, format!("`{text}` is not a valid ECR repository name"), hint);
    None
}

fn platforms(reader: &mut Reader<'_>, node: Option<&Node>) -> Vec<String> {
    let mut platforms: Vec<String> = Vec::new();
    for item in node.filter(|n| matches!(n.kind, Kind::List(_))).map_or(&[][..], Node::items) {
        let Some(text) = item.text() else { continue };
        let parts: Vec<&str> = text.split('/').collect();
        let word = |w: &&str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !(2..=3).contains(&parts.len()) || !parts.iter().all(word) {
            reader.say_hint(
                item.span,
                format!("`{text}` is not a valid platform"),
                "write os/arch, such as linux/amd64 or linux/arm64",
            );
        } else if platforms.iter().any(|p| p == text) {
            reader.say(item.span, format!("platform `{text}` is given twice"));
        } else {
            platforms.push(text.to_owned());
        }
    }
    if platforms.is_empty() { vec![PLATFORM.to_owned()] } else { platforms }
}

fn build(reader: &mut Reader<'_>, node: &Node, owner: Span) -> Option<Build> {
    let builder = node.get("builder").and_then(Node::text);
    let layers = node.get("layers");
    if layers.is_some() || builder == Some("layers") {
        for key in DOCKERFILE_KEYS.iter().filter_map(|k| node.key(k)) {
            reader.say_hint(
                key.span,
                format!("`{}` belongs to a Dockerfile, but this image is made of `layers`", key.name),
                "use either `layers` or a Dockerfile",
            );
        }
        if let Some(at) = node.get("builder").filter(|_| builder.is_some_and(|b| b != "layers")) {
            reader.say_hint(
                at.span,
                "this builder reads a Dockerfile, but the image is made of `layers`",
                "write `builder: layers`",
            );
        }
        let Some(layers) = layers else {
            reader.say_hint(
                owner,
                "`builder: layers` needs `layers`",
                "name the files: `layers: { files: { /app: dist } }`",
            );
            return None;
        };
        return layers_spec(reader, layers).map(Build::Layers);
    }
    if node.get("builder").is_none() && DOCKERFILE_KEYS.iter().all(|k| node.get(k).is_none()) {
        return Some(Build::None);
    }
    let tool = match builder {
        None | Some("auto") => Tool::Auto,
        Some("docker") => Tool::Docker,
        Some("buildah") => Tool::Buildah,
        Some("podman") => Tool::Podman,
        Some("finch") => Tool::Finch,
        Some(_) => return None,
    };
    let context = match node.get("context") {
        Some(n) => reader.path(n, Root::folder),
        None => Some(".".to_owned()),
    };
    let file = match (node.get("file"), &context) {
        (Some(n), _) => reader.path(n, Root::file).map(|(f, _)| f.path),
        (None, Some(context)) => {
            let at = node.get("context").map_or(owner, |n| n.span);
            reader.path_text(&format!("{context}/Dockerfile"), at, Root::file).map(|(f, _)| f.path)
        }
        (None, None) => None,
    };
    let args = Reader::table(node.get("args"));
    let target = node.get("target").and_then(Node::text).map(str::to_owned);
    Some(Build::Dockerfile { tool, context: context?, file: file?, args, target })
}

fn layers_spec(reader: &mut Reader<'_>, node: &Node) -> Option<LayersSpec> {
    let base = match node.get("base") {
        None => Some(SCRATCH.to_owned()),
        Some(n) => n.text().map(str::to_owned),
    };
    if let (Some(n), Some(base)) = (node.get("base"), &base)
        && base.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        reader.say_hint(
            n.span,
            format!("`{base}` is not a valid image reference"),
            "write scratch, or a reference such as registry/name@sha256:…",
        );
    }
    let files = node.get("files").map(|n| layer_files(reader, n)).unwrap_or_default();
    let list = |name| node.get(name).map(|n| Reader::words(Some(n)));
    let absolute = |reader: &mut Reader<'_>, n: &Node| {
        let text = n.text()?;
        if !text.starts_with('/') {
            reader.say_hint(n.span, format!("`{text}` is not an absolute path"), format!("write /{text}"));
        }
        Some(text.to_owned())
    };
    let workdir = node.get("workdir").and_then(|n| absolute(reader, n));
    let ports = node.get("ports").map(|n| ports(reader, n)).unwrap_or_default();
    Some(LayersSpec {
        base: base?,
        files,
        entrypoint: list("entrypoint"),
        cmd: list("cmd"),
        env: Reader::table(node.get("env")),
        user: node.get("user").and_then(Node::written).map(str::to_owned),
        workdir,
        ports,
        labels: Reader::table(node.get("labels")),
    })
}

fn layer_files(reader: &mut Reader<'_>, node: &Node) -> Vec<LayerFiles> {
    let pairs: Vec<(&Node, &str, Span)> = match &node.kind {
        Kind::List(items) => items
            .iter()
            .filter_map(|i| i.get("from").zip(i.get("to").and_then(|t| Some((t.text()?, t.span)))))
            .map(|(from, (to, span))| (from, to, span))
            .collect(),
        Kind::Map(entries) => entries.iter().map(|(to, from)| (from, to.name.as_str(), to.span)).collect(),
        Kind::Scalar { .. } => Vec::new(),
    };
    let mut files = Vec::new();
    for (from, to, span) in pairs {
        if !to.starts_with('/') || to.split('/').any(|p| p == "..") {
            reader.say_hint(span, format!("`{to}` is not an absolute path in the image"), "such as /app");
        }
        if let Some(from) = reader.path(from, Root::file_or_folder) {
            files.push(LayerFiles { from, to: to.to_owned() });
        }
    }
    files
}

fn ports(reader: &mut Reader<'_>, node: &Node) -> Vec<String> {
    let mut ports = Vec::new();
    for item in node.items() {
        let Some(text) = item.written() else { continue };
        let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        if number.parse::<u16>().is_ok_and(|n| n > 0) && matches!(protocol, "tcp" | "udp") {
            ports.push(format!("{number}/{protocol}"));
        } else {
            reader.say_hint(item.span, format!("`{text}` is not a valid port"), "such as 8080 or 8080/tcp");
        }
    }
    ports
}
