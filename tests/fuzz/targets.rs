//! The fuzz targets, each a function of bytes: it must return, and what it accepts must be correct.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kanmon::image::OciImages;
use kanmon::image::manifest::{Manifest, Platform};
use kanmon::model::ids::Digest;
use kanmon::model::release::Release;
use kanmon::ports::clock::Clock;
use kanmon::ports::images::Images as _;

/// A repository for the pipeline files of the corpus; one for each thread.
struct Repository(tempfile::TempDir);

const PIPELINE: &str = "pipelines/hello.yaml";
const DEMO: &str = include_str!("../../pipelines/demo/pipeline.yaml.j2");
const FILES: [(&str, &str); 6] = [
    ("app/index.html", include_str!("../../pipelines/demo/app/index.html")),
    ("deploy/web.json", include_str!("../../pipelines/demo/deploy/web.json")),
    ("deploy/dev.yaml", include_str!("../../pipelines/demo/deploy/dev.yaml")),
    ("deploy/staging.yaml", include_str!("../../pipelines/demo/deploy/staging.yaml")),
    ("deploy/prod.yaml", include_str!("../../pipelines/demo/deploy/prod.yaml")),
    ("Dockerfile", "FROM scratch\n"),
];
/// The only valid record of the corpus.
pub const RECORD: &str = include_str!("corpus/record/dev.jsonl");

impl Repository {
    fn new() -> Repository {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in FILES {
            let to = dir.path().join(file);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::write(to, text).unwrap();
        }
        let text = DEMO.replace("{{ endpoint }}", "http://127.0.0.1:1");
        std::fs::create_dir(dir.path().join("pipelines")).unwrap();
        std::fs::write(dir.path().join(PIPELINE), text).unwrap();
        Repository(dir)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }
}

/// Loads the pipeline with this content for one of its files.
fn load_with(file: &str, bytes: &[u8]) {
    thread_local!(static REPOSITORY: OnceCell<Repository> = const { OnceCell::new() });
    REPOSITORY.with(|cell| {
        let repository = cell.get_or_init(Repository::new);
        let path = repository.path(file);
        let before = std::fs::read(&path).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let loaded = kanmon::pipeline::load(&repository.path(PIPELINE));
        std::fs::write(&path, before).unwrap();
        match loaded {
            Ok(loaded) => {
                assert!(!loaded.pipeline.stages.is_empty(), "a pipeline without a stage");
                // What is recorded is read back unchanged.
                let json = serde_json::to_string(&loaded.pipeline).unwrap();
                let again: kanmon::model::pipeline::Pipeline = serde_json::from_str(&json).unwrap();
                assert_eq!(again, loaded.pipeline);
            }
            Err(diagnostics) => {
                assert!(!diagnostics.items().is_empty(), "refused without a message");
                assert!(!diagnostics.to_string().is_empty());
            }
        }
    });
}

pub fn pipeline(bytes: &[u8]) {
    load_with(PIPELINE, bytes);
}

pub fn template(bytes: &[u8]) {
    load_with("deploy/web.json", bytes);
}

pub fn values(bytes: &[u8]) {
    load_with("deploy/dev.yaml", bytes);
}

pub fn manifest(bytes: &[u8]) {
    let Ok(manifest) = Manifest::parse(bytes.to_vec().into()) else { return };
    assert_eq!(manifest.digest, Digest::of(bytes), "a digest of other bytes");
    let wanted = Platform::parse("linux/amd64").unwrap();
    for child in manifest.platforms() {
        assert!(!child.is_of_no_platform());
        // An image for arm64 is not one for amd64, whatever else the index has.
        let serves = child.platform.as_ref().is_some_and(|p| p.serves(&wanted));
        assert!(!serves || child.platform.as_ref().is_some_and(|p| p.architecture == "amd64"));
    }
    assert_eq!(manifest.descriptor(None).size, bytes.len() as u64);
}

/// Only the valid record of the corpus is accepted: its hashes cannot be met by chance.
pub fn record(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(record) = kanmon::journal::from_file(text.as_bytes()) else { return };
    let again = kanmon::journal::from_file(kanmon::journal::to_file(&record).unwrap().as_bytes()).unwrap();
    assert_eq!(again.rows, record.rows);
    let original = kanmon::journal::from_file(RECORD.as_bytes()).unwrap();
    assert_eq!(record.rows, original.rows, "a changed record was accepted");
}

/// Nothing here waits.
struct NoClock;

#[async_trait]
impl Clock for NoClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn uptime(&self) -> SignedDuration {
        SignedDuration::ZERO
    }

    async fn sleep(&self, _: SignedDuration) {}

    fn token(&self, digits: usize) -> String {
        "0".repeat(digits)
    }
}

pub fn docker_config(bytes: &[u8]) {
    type Made = (tempfile::TempDir, tokio::runtime::Runtime);
    thread_local!(static MADE: OnceCell<Made> = const { OnceCell::new() });
    MADE.with(|cell| {
        let (folder, runtime) = cell.get_or_init(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            (tempfile::tempdir().unwrap(), runtime)
        });
        std::fs::write(folder.path().join("config.json"), bytes).unwrap();
        // No helper is found, so none is run.
        let images = OciImages::new(folder.path().to_owned(), Arc::new(NoClock))
            .with_env("DOCKER_CONFIG", folder.path())
            .with_env("PATH", folder.path());
        for reference in ["alpine", "r.example/team/app:1", "localhost:5000/app"] {
            let (access, _) = runtime.block_on(images.locate(reference)).unwrap();
            assert!(
                access
                    .login
                    .is_none_or(|l| !format!("{l:?}").contains(&l.password) || l.username.contains(&l.password))
            );
        }
        // The same bytes as an image reference.
        if let Ok(text) = std::str::from_utf8(bytes)
            && let Ok((access, rest)) = runtime.block_on(images.locate(text))
        {
            assert!(access.repository.contains('/') && !rest.is_empty(), "{text:?}: {}", access.repository);
        }
    });
}

/// The fold of what was read never panics: it is a release, or an error with a message.
pub fn fold(events: &[kanmon::model::event::Event]) {
    if let Err(illegal) = Release::fold(events) {
        assert!(!illegal.to_string().is_empty());
    }
}
