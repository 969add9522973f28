//! An image's configuration and manifest (OCI image-spec, config.md and manifest.md), in bytes that depend on the input alone.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::base::{SCRATCH, Under};
use super::pack::Layer;
use crate::image::env::Env;
use crate::image::manifest::{Descriptor, Manifest, OCI_MANIFEST, Platform};
use crate::model::fault::Fault;
use crate::model::fault::build::{BaseUnfit, BuildProblem, Setting};
use crate::model::fault::own::{OwnProblem, Part};
use crate::model::ids::Digest;
use crate::model::pipeline::LayersSpec;

const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// What Docker calls layers, and what OCI calls the same bytes (image-spec, layer.md and its compatibility matrix).
const DOCKERS_LAYERS: [(&str, &str); 6] = [
    ("application/vnd.docker.image.rootfs.diff.tar", "application/vnd.oci.image.layer.v1.tar"),
    ("application/vnd.docker.image.rootfs.diff.tar.gzip", OCI_LAYER),
    ("application/vnd.docker.image.rootfs.diff.tar.zstd", "application/vnd.oci.image.layer.v1.tar+zstd"),
    ("application/vnd.docker.image.rootfs.foreign.diff.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar"),
    (
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    ),
    (
        "application/vnd.docker.image.rootfs.foreign.diff.tar.zstd",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    ),
];

/// A configuration, and the manifest that names it.
pub struct Image {
    pub config: Bytes,
    pub manifest: Manifest,
}

/// When the image says it was created: `SOURCE_DATE_EPOCH` (reproducible-builds.org), else the epoch.
///
/// # Errors
/// `Invalid` where the variable is not a number of seconds.
pub fn created(env: &Env) -> Result<Timestamp, Fault> {
    let Some(text) = env.get("SOURCE_DATE_EPOCH") else { return Ok(Timestamp::UNIX_EPOCH) };
    let text = text.to_string_lossy();
    text.parse().ok().and_then(|s| Timestamp::from_second(s).ok()).ok_or_else(|| {
        let value = text.into_owned();
        BuildProblem::InvalidSetting { setting: Setting::SourceDateEpoch, value }.into()
    })
}

/// # Errors
/// `Invalid` for an empty image, and for ports, names of variables and working directories that no runtime would take.
pub fn check(spec: &LayersSpec) -> Result<(), Fault> {
    if spec.files.is_empty() && spec.base == SCRATCH {
        return Err(BuildProblem::Empty.into());
    }
    spec.ports.iter().try_for_each(|p| port(p).map(drop))?;
    if let Some(name) = spec.env.keys().find(|k| k.is_empty() || k.contains('=')) {
        return Err(BuildProblem::InvalidSetting { setting: Setting::VariableName, value: name.clone() }.into());
    }
    match &spec.workdir {
        Some(dir) if !dir.starts_with('/') => {
            Err(BuildProblem::InvalidSetting { setting: Setting::WorkingDirectory, value: dir.clone() }.into())
        }
        _ => Ok(()),
    }
}

fn port(text: &str) -> Result<String, Fault> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let known = ["tcp", "udp", "sctp"].contains(&protocol);
    match number.parse::<u16>() {
        Ok(n) if n > 0 && known => Ok(format!("{n}/{protocol}")),
        _ => Err(BuildProblem::InvalidSetting { setting: Setting::Port, value: text.to_owned() }.into()),
    }
}

/// The image of one platform.
///
/// # Errors
/// `Defect` where what is made here cannot be read back.
pub fn image(
    spec: &LayersSpec,
    platform: &Platform,
    base: Option<&Under>,
    layers: &[&Layer],
    created: &Timestamp,
) -> Result<Image, Fault> {
    let config = Bytes::from(configuration(spec, platform, base, layers, created)?.to_string());
    let descriptor = |media_type: &str, digest: &Digest, size: u64| Descriptor {
        media_type: media_type.to_owned(),
        digest: digest.clone(),
        size,
        urls: None,
        annotations: None,
        platform: None,
    };
    let below = base.into_iter().flat_map(|b| b.layers.iter().cloned()).map(in_oci_terms);
    let own = layers.iter().map(|l| descriptor(OCI_LAYER, &l.digest, l.size));
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(OCI_CONFIG, &Digest::of(&config), config.len() as u64),
        "layers": below.chain(own).collect::<Vec<_>>(),
    });
    if let Some(base) = base {
        manifest["annotations"] = json!({
            "org.opencontainers.image.base.digest": base.digest,
            "org.opencontainers.image.base.name": base.reference,
        });
    }
    let manifest = Manifest::parse(Bytes::from(manifest.to_string()))
        .map_err(|f| Fault::from(OwnProblem::Broken { part: Part::Manifest }).said(f.to_string()))?;
    Ok(Image { config, manifest })
}

/// Docker's name for a layer in an OCI manifest would make it a manifest of neither kind; the bytes are the same.
fn in_oci_terms(mut layer: Descriptor) -> Descriptor {
    if let Some((_, oci)) = DOCKERS_LAYERS.iter().find(|(docker, _)| *docker == layer.media_type) {
        (*oci).clone_into(&mut layer.media_type);
    }
    layer
}

fn configuration(
    spec: &LayersSpec,
    platform: &Platform,
    base: Option<&Under>,
    layers: &[&Layer],
    created: &Timestamp,
) -> Result<Value, Fault> {
    let mut whole = base.map_or_else(|| json!({}), |b| b.config.clone());
    let unfit = || BuildProblem::BaseUnfit {
        reference: base.map(|b| b.reference.clone()).unwrap_or_default(),
        why: BaseUnfit::ConfigurationNotAnObject,
    };
    let whole = whole.as_object_mut().ok_or_else(unfit)?;
    whole.insert("created".into(), json!(created));
    whole.insert("architecture".into(), json!(platform.architecture));
    whole.insert("os".into(), json!(platform.os));
    if let Some(variant) = &platform.variant {
        whole.insert("variant".into(), json!(variant));
    }
    // Who made the base, and on which host, is not about this image.
    for of_the_base in ["id", "parent", "container", "container_config", "docker_version", "author"] {
        whole.shift_remove(of_the_base);
    }
    let mut run = match whole.shift_remove("config") {
        Some(Value::Object(run)) => run,
        _ => Map::new(),
    };
    execution(&mut run, spec)?;
    whole.insert("config".into(), Value::Object(run));

    let mut diff_ids = match whole.get("rootfs").and_then(|r| r.get("diff_ids")) {
        Some(Value::Array(ids)) => ids.clone(),
        _ => Vec::new(),
    };
    let histories = whole
        .get("history")
        .and_then(Value::as_array)
        .map(|h| h.iter().filter(|e| e.get("empty_layer").and_then(Value::as_bool) != Some(true)).count());
    // A history has one entry a layer or is left out: a base without one cannot be continued.
    if histories.unwrap_or(0) == diff_ids.len() {
        let mut history = match whole.shift_remove("history") {
            Some(Value::Array(history)) => history,
            _ => Vec::new(),
        };
        history.extend(spec.files.iter().map(|f| {
            json!({ "created": created, "created_by": format!("COPY {} {}", f.from, f.to), "comment": "kanmon layers" })
        }));
        whole.insert("history".into(), Value::Array(history));
    } else {
        whole.shift_remove("history");
    }
    diff_ids.extend(layers.iter().map(|l| json!(l.diff_id)));
    whole.insert("rootfs".into(), json!({ "type": "layers", "diff_ids": diff_ids }));
    Ok(Value::Object(std::mem::take(whole)))
}

/// How it runs: what the file says over what the base says. As in a Dockerfile, a new entry point drops the base's command.
fn execution(run: &mut Map<String, Value>, spec: &LayersSpec) -> Result<(), Fault> {
    if let Some(entrypoint) = &spec.entrypoint {
        run.insert("Entrypoint".into(), json!(entrypoint));
        run.shift_remove("Cmd");
    }
    if let Some(cmd) = &spec.cmd {
        run.insert("Cmd".into(), json!(cmd));
    }
    if let Some(user) = &spec.user {
        run.insert("User".into(), json!(user));
    }
    if let Some(dir) = &spec.workdir {
        run.insert("WorkingDir".into(), json!(dir));
    }
    if !spec.env.is_empty() {
        let name = |v: &str| v.split('=').next().unwrap_or_default().to_owned();
        let mut env: Vec<String> = match run.get("Env").and_then(Value::as_array) {
            Some(old) => old.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => Vec::new(),
        };
        env.retain(|old| !spec.env.contains_key(&name(old)));
        env.extend(spec.env.iter().map(|(k, v)| format!("{k}={v}")));
        run.insert("Env".into(), json!(env));
    }
    merge(run, "ExposedPorts", spec.ports.iter().map(|p| Ok((port(p)?, json!({})))))?;
    merge(run, "Labels", spec.labels.iter().map(|(k, v)| Ok((k.clone(), json!(v)))))
}

fn merge(
    run: &mut Map<String, Value>,
    key: &str,
    add: impl Iterator<Item = Result<(String, Value), Fault>>,
) -> Result<(), Fault> {
    let mut all = match run.get(key) {
        Some(Value::Object(old)) => old.clone(),
        _ => Map::new(),
    };
    let before = all.len();
    for pair in add {
        let (k, v) = pair?;
        all.insert(k, v);
    }
    if before > 0 || !all.is_empty() {
        run.insert(key.into(), Value::Object(all));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::fault::FaultKind;
    use crate::model::pipeline::LayerFiles;

    fn spec() -> LayersSpec {
        LayersSpec {
            base: "scratch".into(),
            files: vec![LayerFiles { from: "dist".into(), to: "/app".into() }],
            entrypoint: Some(vec!["/app/server".into()]),
            cmd: None,
            env: [("PORT".to_owned(), "8080".to_owned())].into(),
            user: Some("65532".into()),
            workdir: Some("/app".into()),
            ports: vec!["8080".into()],
            labels: [("team".to_owned(), "asset".to_owned())].into(),
        }
    }

    fn layer(n: u8) -> Layer {
        Layer { file: "x".into(), digest: Digest::of(&[n]), size: 10, diff_id: Digest::of(&[n, n]) }
    }

    fn linux() -> Platform {
        Platform::parse("linux/amd64").unwrap()
    }

    fn made(spec: &LayersSpec, base: Option<&Under>) -> (Value, Value, Digest) {
        let image = image(spec, &linux(), base, &[&layer(1)], &Timestamp::UNIX_EPOCH).unwrap();
        let json = |b: &[u8]| serde_json::from_slice(b).unwrap();
        (json(&image.config), json(&image.manifest.bytes), image.manifest.digest)
    }

    #[test]
    fn an_image_on_scratch_says_what_the_file_says() {
        let (config, manifest, digest) = made(&spec(), None);
        assert_eq!(
            config,
            json!({
                "created": "1970-01-01T00:00:00Z", "architecture": "amd64", "os": "linux",
                "config": {
                    "Entrypoint": ["/app/server"], "User": "65532", "WorkingDir": "/app", "Env": ["PORT=8080"],
                    "ExposedPorts": {"8080/tcp": {}}, "Labels": {"team": "asset"},
                },
                "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "COPY dist /app", "comment": "kanmon layers"}],
                "rootfs": {"type": "layers", "diff_ids": [layer(1).diff_id]},
            })
        );
        assert_eq!(manifest["layers"][0]["digest"], json!(layer(1).digest));
        assert_eq!(made(&spec(), None).2, digest);
    }

    fn base() -> Under {
        Under {
            layers: vec![Descriptor {
                media_type: DOCKERS_LAYERS[1].0.into(),
                digest: Digest::of(b"base"),
                size: 3,
                urls: None,
                annotations: None,
                platform: None,
            }],
            config: json!({
                "os": "linux", "architecture": "amd64", "created": "2024-01-01T00:00:00Z", "container": "abc",
                "config": {"Cmd": ["sh"], "Env": ["PATH=/bin", "PORT=1"], "Labels": {"of": "base"}, "StopSignal": "SIGINT"},
                "history": [{"created_by": "base"}, {"created_by": "ENV", "empty_layer": true}],
                "rootfs": {"type": "layers", "diff_ids": ["sha256:aa"]},
            }),
            reference: "alpine:3".into(),
            digest: Digest::of(b"index"),
        }
    }

    #[test]
    fn what_the_base_says_stays_unless_the_file_says_otherwise() {
        let (config, manifest, _) = made(&spec(), Some(&base()));
        let run = &config["config"];
        assert_eq!(run["Cmd"], Value::Null);
        assert_eq!(run["Env"], json!(["PATH=/bin", "PORT=8080"]));
        assert_eq!(run["Labels"], json!({"of": "base", "team": "asset"}));
        assert_eq!(run["StopSignal"], json!("SIGINT"));
        assert_eq!(config["container"], Value::Null);
        assert_eq!(config["history"].as_array().unwrap().len(), 3);
        assert_eq!(config["rootfs"]["diff_ids"], json!(["sha256:aa", layer(1).diff_id]));
        assert_eq!(manifest["layers"][0]["mediaType"], OCI_LAYER);
        assert_eq!(manifest["annotations"]["org.opencontainers.image.base.name"], "alpine:3");
    }

    #[test]
    fn every_name_that_docker_has_for_a_layer_is_ocis_in_the_manifest() {
        let layer = base().layers.remove(0);
        let named = |name: &str| Descriptor { media_type: name.into(), ..layer.clone() };
        let mut under = base();
        under.layers = DOCKERS_LAYERS.iter().map(|(docker, _)| named(docker)).collect();
        let (_, manifest, _) = made(&spec(), Some(&under));
        let types: Vec<&str> =
            manifest["layers"].as_array().unwrap().iter().map(|l| l["mediaType"].as_str().unwrap()).collect();
        assert_eq!(types[0], "application/vnd.oci.image.layer.v1.tar");
        assert_eq!(types[2], "application/vnd.oci.image.layer.v1.tar+zstd");
        assert!(types.iter().all(|t| t.starts_with("application/vnd.oci.image.layer.")), "{types:?}");
    }

    #[test]
    fn the_bases_command_stays_with_its_entry_point() {
        let (config, ..) = made(&LayersSpec { entrypoint: None, ..spec() }, Some(&base()));
        assert_eq!(config["config"]["Cmd"], json!(["sh"]));
    }

    #[test]
    fn a_base_without_history_is_not_given_a_wrong_one() {
        let mut under = base();
        under.config.as_object_mut().unwrap().shift_remove("history");
        assert_eq!(made(&spec(), Some(&under)).0["history"], Value::Null);
    }

    #[rstest]
    #[case("0")]
    #[case("70000")]
    #[case("8080/http")]
    #[case("http")]
    fn a_port_is_a_number_with_a_protocol(#[case] text: &str) {
        let bad = LayersSpec { ports: vec![text.into()], ..spec() };
        assert_eq!(check(&bad).unwrap_err().kind(), FaultKind::Invalid);
    }

    #[test]
    fn an_empty_image_is_a_mistake_and_an_unchanged_base_is_not() {
        let nothing = LayersSpec { files: vec![], ..spec() };
        assert_eq!(check(&nothing).unwrap_err().kind(), FaultKind::Invalid);
        assert_eq!(check(&LayersSpec { base: "alpine:3".into(), ..nothing }), Ok(()));
    }

    #[test]
    fn the_date_comes_from_the_environment_or_is_the_epoch() {
        let mut env = Env::empty();
        assert_eq!(created(&env).unwrap(), Timestamp::UNIX_EPOCH);
        env.set("SOURCE_DATE_EPOCH", "1700000000");
        assert_eq!(created(&env).unwrap().as_second(), 1_700_000_000);
        env.set("SOURCE_DATE_EPOCH", "yesterday");
        assert_eq!(created(&env).unwrap_err().kind(), FaultKind::Invalid);
    }
}
