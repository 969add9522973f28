//! Images through real registries, by real builders, read back by another client.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use kanmon::image::OciImages;
use kanmon::model::fault::FaultKind;
use kanmon::model::ids::Digest;
use kanmon::model::pipeline::{Build, ImageSpec, LayerFiles, LayersSpec, Tool};
use kanmon::model::progress::{Arrival, Progress};
use kanmon::ports::images::{Access, Images, Say};
use serde_json::{Value, json};

use super::end_to_end::buildah_env;
use super::peers::{DockerPeer, HastyClock, RegistryPeer, find, have, leave_out};

const QUIET: Say<'static> = &|_| {};

fn repository() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(root.path().join("dist/amd64")).unwrap();
    std::fs::create_dir_all(root.path().join("dist/arm64")).unwrap();
    for arch in ["amd64", "arm64"] {
        let server = root.path().join("dist").join(arch).join("server");
        std::fs::write(&server, format!("#!/bin/sh\necho {arch}\n")).unwrap();
        std::fs::set_permissions(&server, PermissionsExt::from_mode(0o755)).unwrap();
    }
    std::fs::write(root.path().join("page.html"), "hello".repeat(100_000)).unwrap();
    root
}

fn images(root: &Path) -> OciImages {
    // An empty home: the machine's own logins are not used.
    OciImages::new(root.to_owned(), Arc::new(HastyClock)).with_env("HOME", root).with_env("DOCKER_CONFIG", root)
}

fn spec(build: Build, platforms: &[&str]) -> ImageSpec {
    ImageSpec {
        account: "dev".parse().unwrap(),
        repository: "app".into(),
        platforms: platforms.iter().map(|p| (*p).to_owned()).collect(),
        build,
    }
}

fn layers(base: &str, files: &[(&str, &str)]) -> LayersSpec {
    LayersSpec {
        base: base.into(),
        files: files.iter().map(|(f, t)| LayerFiles { from: (*f).into(), to: (*t).into() }).collect(),
        entrypoint: Some(vec!["/app/server".into()]),
        cmd: None,
        env: [("PORT".to_owned(), "8080".to_owned())].into(),
        user: None,
        workdir: None,
        ports: vec!["8080".into()],
        labels: [].into(),
    }
}

fn both() -> ImageSpec {
    let files = [("dist/{arch}/server", "/app/"), ("page.html", "/srv/page.html")];
    spec(Build::Layers(layers("scratch", &files)), &["linux/amd64", "linux/arm64"])
}

fn one(base: &str) -> ImageSpec {
    spec(Build::Layers(layers(base, &[("dist/amd64", "/app")])), &["linux/amd64"])
}

fn parsed(raw: &[u8]) -> Value {
    serde_json::from_slice(raw).unwrap()
}

#[tokio::test]
async fn the_same_files_give_the_same_digest_which_skopeo_reads_back() {
    if !have("layers onto scratch", &["docker-registry", "htpasswd", "skopeo"]) {
        return;
    }
    let registry = RegistryPeer::start();
    let (here, there) = (repository(), repository());
    let to = registry.access("team/app");
    let first = images(here.path()).build(&one("scratch"), &to, "a", QUIET).await.unwrap();
    let second = images(there.path()).build(&one("scratch"), &to, "b", QUIET).await.unwrap();
    assert_eq!(first.by, "layers");
    assert_eq!(first.pushed.digest, second.pushed.digest);
    assert_eq!(Digest::of(&registry.skopeo_raw("team/app", "b")), first.pushed.digest);
    registry.skopeo_pulls("team/app", "a");
    let config = registry.skopeo_config("team/app", "a");
    assert_eq!(config["config"]["Entrypoint"], json!(["/app/server"]));
    assert_eq!(files_of(&registry, "team/app", "a"), ["app/", "app/server"]);
    let looked = images(here.path()).look(&to, "a").await.unwrap().unwrap();
    assert_eq!((looked.digest, looked.repository), (first.pushed.digest, to.repository.clone()));
    assert_eq!(images(here.path()).look(&to, "c").await.unwrap(), None);

    std::fs::write(here.path().join("dist/amd64/server"), "changed").unwrap();
    let third = images(here.path()).build(&one("scratch"), &to, "a", QUIET).await.unwrap();
    assert_ne!(third.pushed.digest, second.pushed.digest);
    assert_eq!(images(here.path()).look(&to, "a").await.unwrap().unwrap().digest, third.pushed.digest);
}

#[tokio::test]
async fn several_platforms_make_an_index_in_which_each_has_its_own_binary() {
    if !have("layers for several platforms", &["docker-registry", "htpasswd", "skopeo"]) {
        return;
    }
    let registry = RegistryPeer::start();
    let root = repository();
    let built = images(root.path()).build(&both(), &registry.access("app"), "v1", QUIET).await.unwrap();
    let index = registry.skopeo_raw("app", "v1");
    assert_eq!(Digest::of(&index), built.pushed.digest);
    let children: Vec<Digest> = parsed(&index)["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["digest"].as_str().unwrap().parse().unwrap())
        .collect();
    let contents = images(root.path()).contents(&registry.access("app"), &built.pushed.digest).await.unwrap().unwrap();
    assert_eq!((contents.digests(), contents.unclear), (children.clone(), None));
    let layers = |n: usize| parsed(&registry.skopeo_raw("app", children[n].as_str()))["layers"].clone();
    assert_ne!(layers(0)[0], layers(1)[0], "each has its own binary");
    assert_eq!(layers(0)[1], layers(1)[1], "both have the same page");
    registry.skopeo_pulls("app", "v1");
}

#[tokio::test]
async fn a_private_base_is_read_with_the_users_own_login_and_its_layers_are_kept() {
    if !have("layers onto a private base", &["docker-registry", "htpasswd", "skopeo"]) {
        return;
    }
    let (bases, target) = (RegistryPeer::start(), RegistryPeer::start());
    let root = repository();
    let base = images(root.path()).build(&both(), &bases.access("base"), "v1", QUIET).await.unwrap().pushed;
    let reference = format!("{}@{}", base.repository, base.digest);
    let job = spec(Build::Layers(layers(&reference, &[("page.html", "/app/extra")])), &["linux/arm64"]);

    let denied = images(root.path()).build(&job, &target.access("app"), "v1", QUIET).await.unwrap_err();
    assert_eq!(denied.kind(), FaultKind::AccessDenied, "{denied}");
    assert_eq!(images(root.path()).look(&target.access("app"), "v1").await.unwrap(), None);

    let with_login = images(root.path()).with_env("DOCKER_CONFIG", bases.docker_config());
    let built = with_login.build(&job, &target.access("app"), "v1", QUIET).await.unwrap();
    target.skopeo_pulls("app", "v1");
    let made = parsed(&target.skopeo_raw("app", "v1"));
    let children = images(root.path()).contents(&bases.access("base"), &base.digest).await.unwrap().unwrap().digests();
    let arm = parsed(&bases.skopeo_raw("base", children[1].as_str()));
    assert_eq!(made["layers"].as_array().unwrap()[..2], arm["layers"].as_array().unwrap()[..]);
    assert_eq!(made["layers"].as_array().unwrap().len(), 3);
    assert_eq!(made["annotations"]["org.opencontainers.image.base.digest"], json!(base.digest));
    assert_eq!(Digest::of(&target.skopeo_raw("app", "v1")), built.pushed.digest);

    let missing = spec(Build::Layers(layers(&reference, &[("page.html", "/x")])), &["linux/s390x"]);
    let fault = with_login.build(&missing, &target.access("app"), "v2", QUIET).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Invalid);
    assert!(kanmon::report::fault::words(&fault).cause.unwrap().contains("only linux/amd64, linux/arm64"), "{fault}");
}

/// Puts bytes as a blob or as a manifest, like any client.
async fn put(registry: &RegistryPeer, path: &str, media_type: Option<&str>, body: Vec<u8>) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let login = |r: reqwest::RequestBuilder| r.basic_auth(RegistryPeer::USER, Some(RegistryPeer::PASSWORD));
    let digest = Digest::of(&body);
    let size = body.len();
    let base = format!("http://{}/v2/{path}", registry.host);
    let answer = match media_type {
        Some(media_type) => {
            let request = client.put(format!("{base}/manifests/{digest}")).header("content-type", media_type);
            login(request).body(body).send().await.unwrap()
        }
        None => {
            let begun = login(client.post(format!("{base}/blobs/uploads/"))).send().await.unwrap();
            let location = begun.headers()["location"].to_str().unwrap();
            let location =
                if location.starts_with('/') { format!("http://{}{location}", registry.host) } else { location.into() };
            login(client.put(format!("{location}&digest={digest}"))).body(body).send().await.unwrap()
        }
    };
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    json!({"mediaType": media_type.unwrap_or("application/vnd.oci.image.layer.v1.tar"), "digest": digest, "size": size})
}

/// A base with Docker's media types, folders with other owners and modes, and a link to a folder.
async fn base_with_folders(registry: &RegistryPeer) -> String {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, mode, owner) in [
        ("run/", 0o755, 0),
        ("var/", 0o755, 0),
        ("var/www/", 0o1777, 33),
        ("home/", 0o755, 0),
        ("home/app/", 0o2770, 1000),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(mode);
        header.set_uid(owner);
        header.set_gid(owner);
        header.set_size(0);
        archive.append_data(&mut header, path, std::io::empty()).unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_mode(0o777);
    header.set_size(0);
    archive.append_link(&mut header, "var/run", "/run").unwrap();
    let layer = archive.into_inner().unwrap();
    let diff_id = Digest::of(&layer);
    let mut layer = put(registry, "base", None, layer).await;
    layer["mediaType"] = json!("application/vnd.docker.image.rootfs.diff.tar");
    let config = json!({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [diff_id]}});
    let mut config = put(registry, "base", None, config.to_string().into_bytes()).await;
    config["mediaType"] = json!("application/vnd.docker.container.image.v1+json");
    let manifest_type = "application/vnd.docker.distribution.manifest.v2+json";
    let manifest = json!({"schemaVersion": 2, "mediaType": manifest_type, "config": config, "layers": [layer]});
    let manifest = put(registry, "base", Some(manifest_type), manifest.to_string().into_bytes()).await;
    format!("{}/base@{}", registry.host, manifest["digest"].as_str().unwrap())
}

#[tokio::test]
async fn the_folders_of_a_base_are_not_changed_and_skopeo_converts_the_image() {
    if !have("layers onto a base with folders", &["docker-registry", "htpasswd", "skopeo"]) {
        return;
    }
    let registry = RegistryPeer::start();
    let root = repository();
    let reference = base_with_folders(&registry).await;
    let files = [("page.html", "/var/www/"), ("dist/amd64", "/home/app/bin"), ("page.html", "/var/run/app/")];
    let job = spec(Build::Layers(layers(&reference, &files)), &["linux/amd64"]);
    let to = registry.access("app");
    let builder = images(root.path()).with_env("DOCKER_CONFIG", registry.docker_config());
    builder.build(&job, &to, "v1", QUIET).await.unwrap();

    let into = tempfile::tempdir().unwrap();
    let copy = |to: &str| {
        let ran = std::process::Command::new("skopeo")
            .args(["copy", "--src-tls-verify=false", "--src-creds"])
            .arg(format!("{}:{}", RegistryPeer::USER, RegistryPeer::PASSWORD))
            .arg(format!("docker://{}/app:v1", registry.host))
            .arg(to)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{to}: {}", String::from_utf8_lossy(&ran.stderr));
    };
    // Both forms need media types of layers that OCI defines.
    copy(&format!("docker-archive:{}/docker.tar:x:y", into.path().display()));
    copy(&format!("oci-archive:{}/oci.tar:x:y", into.path().display()));
    copy(&format!("dir:{}/dir", into.path().display()));
    let manifest = parsed(&std::fs::read(into.path().join("dir/manifest.json")).unwrap());
    let mut lines = Vec::new();
    for layer in &manifest["layers"].as_array().unwrap()[1..] {
        let file = into.path().join("dir").join(&layer["digest"].as_str().unwrap()["sha256:".len()..]);
        let listed = std::process::Command::new("tar").args(["--numeric-owner", "-tzvf"]).arg(file).output().unwrap();
        for line in String::from_utf8(listed.stdout).unwrap().lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            lines.push(format!("{} {} {}", words[0], words[1], words[5]));
        }
    }
    assert_eq!(
        lines,
        [
            "drwxr-xr-x 0/0 var/",
            "drwxrwxrwt 33/33 var/www/",
            "-rw-r--r-- 0/0 var/www/page.html",
            "drwxr-xr-x 0/0 home/",
            "drwxrws--- 1000/1000 home/app/",
            "drwxr-xr-x 0/0 home/app/bin/",
            "-rwxr-xr-x 0/0 home/app/bin/server",
            "drwxr-xr-x 0/0 run/",
            "drwxr-xr-x 0/0 run/app/",
            "-rw-r--r-- 0/0 run/app/page.html",
        ]
    );
}

/// An index as BuildKit pushes it: an image and its attestation.
async fn attested(registry: &RegistryPeer, path: &str) -> (Digest, Digest) {
    let manifest_type = "application/vnd.oci.image.manifest.v1+json";
    let index_type = "application/vnd.oci.image.index.v1+json";
    let layer = put(registry, path, None, b"an archive, as far as registries know".to_vec()).await;
    let mut statement =
        put(registry, path, None, b"{\"predicateType\":\"https://slsa.dev/provenance/v1\"}".to_vec()).await;
    statement["mediaType"] = json!("application/vnd.in-toto+json");
    let mut children = Vec::new();
    for (content, platform) in [(layer, ("linux", "amd64")), (statement, ("unknown", "unknown"))] {
        let config =
            json!({"os": platform.0, "architecture": platform.1, "rootfs": {"type": "layers", "diff_ids": []}});
        let mut config = put(registry, path, None, config.to_string().into_bytes()).await;
        config["mediaType"] = json!("application/vnd.oci.image.config.v1+json");
        // Unusual spacing, so that parsing and writing it again would change the bytes.
        let manifest = json!({"schemaVersion": 2, "mediaType": manifest_type, "config": config, "layers": [content]});
        let text = format!("{}\n", serde_json::to_string_pretty(&manifest).unwrap());
        let mut child = put(registry, path, Some(manifest_type), text.into_bytes()).await;
        child["platform"] = json!({"os": platform.0, "architecture": platform.1});
        children.push(child);
    }
    children[1]["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
    let image = children[0]["digest"].as_str().unwrap().parse().unwrap();
    let index = json!({"schemaVersion": 2, "manifests": children, "mediaType": index_type});
    let index = put(registry, path, Some(index_type), serde_json::to_vec_pretty(&index).unwrap()).await;
    (index["digest"].as_str().unwrap().parse().unwrap(), image)
}

#[tokio::test]
async fn a_copy_has_the_same_bytes_and_everything_that_they_refer_to() {
    if !have("copy between registries", &["docker-registry", "htpasswd", "skopeo"]) {
        return;
    }
    let (source, target) = (RegistryPeer::start(), RegistryPeer::start());
    let root = repository();
    let carrier = images(root.path());
    let (digest, image) = attested(&source, "dev/app").await;
    let (from, to) = (source.access("dev/app"), target.access("prod/app"));

    let copied = carrier.copy(&from, &digest, &to, "kanmon-r1", QUIET).await.unwrap();
    assert_eq!(copied.digest, digest);
    let contents = carrier.contents(&to, &digest).await.unwrap().unwrap();
    assert_eq!((contents.digests(), contents.unclear), (vec![image], None), "an attestation is not run");
    assert_eq!(target.skopeo_raw("prod/app", "kanmon-r1"), source.skopeo_raw("dev/app", digest.as_str()));
    let index = parsed(&target.skopeo_raw("prod/app", "kanmon-r1"));
    for child in index["manifests"].as_array().unwrap() {
        let child = child["digest"].as_str().unwrap();
        assert_eq!(target.skopeo_raw("prod/app", child), source.skopeo_raw("dev/app", child));
    }
    target.skopeo_pulls("prod/app", "kanmon-r1");

    let heard = Mutex::new(Vec::new());
    let say = |progress: &Progress| heard.lock().unwrap().push(progress.clone());
    let again = carrier.copy(&from, &digest, &to, "kanmon-r1", &say).await.unwrap();
    assert_eq!(again.digest, digest);
    assert!(matches!(heard.lock().unwrap()[0], Progress::AlreadyCopied { .. }));

    let absent = carrier.copy(&from, &Digest::of(b"never built"), &to, "kanmon-r2", QUIET).await.unwrap_err();
    assert_eq!(absent.kind(), FaultKind::NotFound, "{absent}");
}

#[tokio::test]
async fn a_large_layer_is_copied_whole_and_within_one_registry_only_mounted() {
    if !have("copy of a large layer", &["docker-registry", "htpasswd", "skopeo"]) {
        return;
    }
    let (source, target) = (RegistryPeer::start(), RegistryPeer::start());
    let root = repository();
    // Not compressible, and larger than every buffer.
    let mut noise = vec![0; 6 << 20];
    rand::fill(&mut noise[..]);
    std::fs::write(root.path().join("noise"), noise).unwrap();
    let job = spec(Build::Layers(layers("scratch", &[("noise", "/app/server")])), &["linux/amd64"]);
    let carrier = images(root.path());
    let built = carrier.build(&job, &source.access("app"), "v1", QUIET).await.unwrap().pushed;
    carrier.copy(&source.access("app"), &built.digest, &target.access("app"), "v1", QUIET).await.unwrap();
    target.skopeo_pulls("app", "v1");

    let heard = Mutex::new(Vec::new());
    let say = |progress: &Progress| heard.lock().unwrap().push(progress.clone());
    carrier.copy(&source.access("app"), &built.digest, &source.access("other/app"), "v1", &say).await.unwrap();
    let heard = heard.into_inner().unwrap();
    let arrived = |by| heard.iter().any(|p| matches!(p, Progress::LayerDone { how, .. } if *how == by));
    assert!(arrived(Arrival::Mounted) && !arrived(Arrival::Copied), "{heard:?}");
    source.skopeo_pulls("other/app", "v1");
}

#[tokio::test]
async fn a_wrong_password_and_a_silent_host_are_different_errors() {
    if !have("registry faults", &["docker-registry", "htpasswd"]) {
        return;
    }
    let registry = RegistryPeer::start();
    let root = repository();
    let mut wrong = registry.access("app");
    wrong.login.as_mut().unwrap().password = "wrong".into();
    for access in [wrong, Access { login: None, ..registry.access("app") }] {
        let read = images(root.path()).look(&access, "v1").await.unwrap_err();
        assert_eq!(read.kind(), FaultKind::AccessDenied, "{read}");
        let write = images(root.path()).build(&one("scratch"), &access, "v1", QUIET).await.unwrap_err();
        assert_eq!(write.kind(), FaultKind::AccessDenied, "{write}");
        assert!(!format!("{write:?}").contains("wrong"), "{write:?}");
    }
    let gone = registry.access("app");
    drop(registry);
    let silent = images(root.path()).look(&gone, "v1").await.unwrap_err();
    assert_eq!(silent.kind(), FaultKind::Unreachable, "{silent}");
}

fn dockerfile(root: &Path, text: &str) {
    std::fs::write(root.join("Dockerfile"), text).unwrap();
    std::fs::create_dir_all(root.join(".kanmon")).unwrap();
    std::fs::write(root.join(".kanmon/state"), "not for images").unwrap();
}

fn from_dockerfile(tool: Tool, platforms: &[&str]) -> ImageSpec {
    let args = [("GREETING".to_owned(), "good morning".to_owned())].into();
    let target = Some("last".to_owned());
    let build = Build::Dockerfile { tool, context: ".".into(), file: "Dockerfile".into(), args, target };
    spec(build, platforms)
}

const GOOD: &str =
    "FROM scratch AS last\nARG GREETING\nLABEL greeting=$GREETING\nCOPY . /src\nENTRYPOINT [\"/src/x\"]\n";
const BAD: &str = "FROM scratch AS last\nCOPY there-is-no-such-file /\n";

/// buildah, configured so that it runs on this machine.
fn with_buildah(root: &Path, store: &Path) -> OciImages {
    buildah_env(store).into_iter().fold(images(root), |images, (name, value)| images.with_env(name, value))
}

/// The names of all files in all layers of a plain manifest.
fn files_of(registry: &RegistryPeer, path: &str, tag: &str) -> Vec<String> {
    let into = tempfile::tempdir().unwrap();
    let ran = std::process::Command::new("skopeo")
        .args(["copy", "--src-tls-verify=false", "--src-creds"])
        .arg(format!("{}:{}", RegistryPeer::USER, RegistryPeer::PASSWORD))
        .arg(format!("docker://{}/{path}:{tag}", registry.host))
        .arg(format!("dir:{}", into.path().display()))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let manifest = parsed(&std::fs::read(into.path().join("manifest.json")).unwrap());
    let mut names = Vec::new();
    for layer in manifest["layers"].as_array().unwrap() {
        let file = into.path().join(&layer["digest"].as_str().unwrap()["sha256:".len()..]);
        let listed = std::process::Command::new("tar").arg("-tzf").arg(file).output().unwrap();
        names.extend(String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned));
    }
    names
}

#[tokio::test]
async fn buildah_builds_and_the_registry_has_the_digest_that_it_reported() {
    if !have("Dockerfile by buildah", &["docker-registry", "htpasswd", "skopeo", "buildah"]) {
        return;
    }
    let registry = RegistryPeer::start();
    let (root, store) = (repository(), tempfile::tempdir().unwrap());
    dockerfile(root.path(), GOOD);

    // A wrapper of buildah that records its arguments.
    let (gateway, real) = (store.path().join("bin"), find("buildah").unwrap());
    std::fs::create_dir(&gateway).unwrap();
    let calls = store.path().join("calls");
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >> {}\nexec {} \"$@\"\n", calls.display(), real.display());
    std::fs::write(gateway.join("buildah"), script).unwrap();
    std::fs::set_permissions(gateway.join("buildah"), PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", gateway.display(), std::env::var("PATH").unwrap());
    let builder = with_buildah(root.path(), store.path()).with_env("PATH", path);

    let heard = Mutex::new(Vec::new());
    let say = |progress: &Progress| heard.lock().unwrap().push(progress.clone());
    let to = registry.access("team/app");
    let built = builder.build(&from_dockerfile(Tool::Buildah, &["linux/amd64"]), &to, "v1", &say).await.unwrap();
    assert_eq!(built.by, "buildah");
    assert_eq!(Digest::of(&registry.skopeo_raw("team/app", "v1")), built.pushed.digest);
    let copied = |p: &Progress| matches!(p, Progress::Output { line } if line.contains("COPY . /src"));
    assert!(heard.lock().unwrap().iter().any(copied), "{heard:?}");

    assert_eq!(registry.skopeo_config("team/app", "v1")["config"]["Labels"]["greeting"], "good morning");
    let files = files_of(&registry, "team/app", "v1");
    assert!(files.iter().any(|f| f == "src/page.html"), "{files:?}");
    assert!(!files.iter().any(|f| f.contains(".kanmon")), "{files:?}");
    let calls = std::fs::read_to_string(calls).unwrap();
    assert!(calls.contains("--authfile") && !calls.contains(RegistryPeer::PASSWORD), "{calls}");

    let both = from_dockerfile(Tool::Buildah, &["linux/amd64", "linux/arm64"]);
    let built = builder.build(&both, &to, "v2", QUIET).await.unwrap();
    let contents = builder.contents(&to, &built.pushed.digest).await.unwrap().unwrap();
    assert_eq!((contents.runnable.len(), contents.unclear), (2, None));
    assert_eq!(Digest::of(&registry.skopeo_raw("team/app", "v2")), built.pushed.digest);
    registry.skopeo_pulls("team/app", "v2");
}

#[tokio::test]
async fn a_failure_of_buildah_is_reported_with_its_own_message() {
    if !have("failing Dockerfile by buildah", &["docker-registry", "htpasswd", "buildah"]) {
        return;
    }
    let registry = RegistryPeer::start();
    let (root, store) = (repository(), tempfile::tempdir().unwrap());
    let builder = with_buildah(root.path(), store.path());
    dockerfile(root.path(), BAD);
    let job = from_dockerfile(Tool::Buildah, &["linux/amd64"]);
    let fault = builder.build(&job, &registry.access("app"), "v1", QUIET).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::BuildFailed);
    assert!(fault.said.as_ref().unwrap().contains("there-is-no-such-file"), "{fault}");

    dockerfile(root.path(), GOOD);
    let mut wrong = registry.access("app");
    wrong.login.as_mut().unwrap().password = "wrong".into();
    let fault = builder.build(&job, &wrong, "v1", QUIET).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::AccessDenied, "{fault}");
}

/// The folder of a docker with BuildKit: Debian's has it built in, newer ones have it with buildx.
fn folder_with_buildkit() -> Option<std::path::PathBuf> {
    let run = |docker: &Path, args: &[&str]| {
        std::process::Command::new(docker)
            .args(args)
            .output()
            .ok()
            .map(|o| String::from_utf8_lossy(&o.stdout).into_owned())
    };
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|dir| {
        let docker = dir.join("docker");
        let version = run(&docker, &["version", "--format", "{{.Client.Version}}"]).unwrap_or_default();
        let major: u32 = version.split('.').next().and_then(|m| m.trim().parse().ok()).unwrap_or(0);
        let buildx = run(&docker, &["buildx", "version"]).unwrap_or_default();
        (1..23).contains(&major) || buildx.contains("buildx")
    })
}

#[tokio::test]
async fn docker_builds_with_its_daemon_and_pushes_with_a_login_for_this_run_only() {
    let test = "Dockerfile by docker";
    if !have(test, &["docker-registry", "htpasswd", "skopeo", "docker", "dockerd"]) {
        return;
    }
    let Some(daemon) = DockerPeer::start() else { return leave_out(test, "dockerd needs root") };
    let registry = RegistryPeer::start();
    let root = repository();
    let builder = images(root.path()).with_env("DOCKER_HOST", &daemon.host);
    dockerfile(root.path(), GOOD);
    std::fs::write(root.path().join(".dockerignore"), "dist\n.kanmon\n").unwrap();
    let to = registry.access("team/app");
    let built = builder.build(&from_dockerfile(Tool::Auto, &["linux/amd64"]), &to, "v1", QUIET).await.unwrap();
    assert_eq!(built.by, "docker");
    assert_eq!(Digest::of(&registry.skopeo_raw("team/app", "v1")), built.pushed.digest);
    assert_eq!(registry.skopeo_config("team/app", "v1")["config"]["Labels"]["greeting"], "good morning");
    let files = files_of(&registry, "team/app", "v1");
    assert!(files.iter().any(|f| f == "src/page.html"), "{files:?}");
    assert!(!files.iter().any(|f| f.contains(".kanmon") || f.contains("dist")), "{files:?}");

    let Some(buildkit) = folder_with_buildkit() else { return leave_out(test, "no docker with BuildKit") };
    std::fs::write(root.path().join(".dockerignore"), "dist\n").unwrap();
    let path = std::env::join_paths([buildkit, "/usr/sbin".into(), "/usr/bin".into()]).unwrap();
    let with_buildkit = images(root.path())
        .with_env("DOCKER_HOST", &daemon.host)
        .with_env("DOCKER_BUILDKIT", "1")
        .with_env("PATH", path);
    let job = from_dockerfile(Tool::Docker, &["linux/amd64"]);
    let built = with_buildkit.build(&job, &to, "kit", QUIET).await.unwrap();
    assert_eq!(Digest::of(&registry.skopeo_raw("team/app", "kit")), built.pushed.digest);
    let files = files_of(&registry, "team/app", "kit");
    assert!(files.iter().any(|f| f == "src/page.html"), "{files:?}");
    assert!(!files.iter().any(|f| f.contains(".kanmon") || f.contains("dist")), "{files:?}");
    assert!(!root.path().join("config.json").exists(), "the user's own configuration is left alone");

    dockerfile(root.path(), BAD);
    let fault = builder.build(&from_dockerfile(Tool::Docker, &["linux/amd64"]), &to, "v2", QUIET).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::BuildFailed);
    assert!(fault.said.as_ref().unwrap().contains("there-is-no-such-file"), "{fault}");

    dockerfile(root.path(), GOOD);
    let anonymous = Access { login: None, ..to };
    let denied =
        builder.build(&from_dockerfile(Tool::Docker, &["linux/amd64"]), &anonymous, "v3", QUIET).await.unwrap_err();
    assert_eq!(denied.kind(), FaultKind::AccessDenied, "{denied}");
}
