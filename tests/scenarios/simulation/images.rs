//! Images pushed and copied through the sandbox's registry protocol, without a builder and without a socket.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use kanmon::model::contents::{Contents, Runnable};
use kanmon::model::event::PushedImage;
use kanmon::model::fault::Fault;
use kanmon::model::fault::registry::{ReferenceFlaw, RegistryProblem, Silence, Work};
use kanmon::model::ids::Digest;
use kanmon::model::pipeline::ImageSpec;
use kanmon::model::platform::Platform;
use kanmon::model::progress::Progress;
use kanmon::ports::fence::{Fence, MaySend};
use kanmon::ports::images::{Access, Built, Images, Login, Say};
use kanmon::sandbox::connector::SharedWorld;
use kanmon::sandbox::faults::Disturbance;
use serde_json::{Value, json};

use super::call_interceptor::CallInterceptor;
use super::time::Time;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// What is built next: the bytes of the one layer, and labels that steer the sandbox (without their common prefix).
#[derive(Debug, Clone, Default)]
pub struct Content {
    pub layer: String,
    pub labels: BTreeMap<String, String>,
}

#[derive(Clone)]
pub struct SandboxImages {
    pub world: SharedWorld,
    pub time: Arc<Time>,
    /// By repository.
    pub contents: Arc<Mutex<BTreeMap<String, Content>>>,
    /// The login that reads a reference given with `--image`.
    pub given: Arc<Mutex<Option<Access>>>,
    pub interceptor: Arc<CallInterceptor>,
    /// Of the process that uses these images.
    pub fence: Fence,
}

/// A repository and a login to it.
struct Repository<'a> {
    images: &'a SandboxImages,
    access: &'a Access,
}

impl Repository<'_> {
    fn send(&self, method: &str, rest: &str, media_type: Option<&str>, body: Bytes) -> Result<Response<Bytes>, Fault> {
        let (_, path) = self.access.repository.split_once('/').expect("HOST/PATH");
        let mut request = Request::builder().method(method).uri(format!("/v2/{path}/{rest}"));
        if let Some(Login { username, password }) = &self.access.login {
            let basic = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
            request = request.header("authorization", format!("Basic {basic}"));
        }
        if let Some(media_type) = media_type {
            request = request.header("content-type", media_type);
        }
        let now = self.images.time.timestamp();
        let response = self.images.world.lock().unwrap().handle(now, request.body(body).expect("a request"));
        if response.extensions().get::<Disturbance>() == Some(&Disturbance::Reset) {
            return Err(RegistryProblem::NoAnswer { work: self.work(), silence: Silence::NoAnswer }.into());
        }
        let status = response.status();
        if status.is_success() || status == StatusCode::NOT_FOUND {
            return Ok(response);
        }
        let work = self.work();
        let problem = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                RegistryProblem::Denied { work, login: None, token_server: None }
            }
            StatusCode::TOO_MANY_REQUESTS => RegistryProblem::Throttled { work },
            s if s.is_server_error() => RegistryProblem::NoAnswer { work, silence: Silence::ServerError },
            _ => RegistryProblem::FileUnreadable { work },
        };
        let words = String::from_utf8_lossy(response.body()).into_owned();
        Err(Fault::from(problem).said(format!("{status}: {words}")))
    }

    fn work(&self) -> Work {
        Work::ReadManifest { repository: self.access.repository.clone(), reference: "any".into() }
    }

    fn get(&self, rest: &str) -> Result<Option<Bytes>, Fault> {
        let response = self.send("GET", rest, None, Bytes::new())?;
        Ok((response.status() != StatusCode::NOT_FOUND).then(|| response.into_body()))
    }

    fn blob(&self, bytes: Bytes) -> Result<(), Fault> {
        let digest = Digest::of(&bytes);
        let pushed = self.send("POST", &format!("blobs/uploads/?digest={digest}"), None, bytes)?;
        self.there(&pushed)
    }

    fn tag(&self, manifest: Bytes, tag: &str) -> Result<PushedImage, Fault> {
        let digest = Digest::of(&manifest);
        self.images.fence.check()?;
        let put = self.send("PUT", &format!("manifests/{tag}"), Some(MANIFEST), manifest)?;
        self.there(&put)?;
        Ok(self.pushed(digest))
    }

    fn there(&self, response: &Response<Bytes>) -> Result<(), Fault> {
        match response.status() {
            StatusCode::NOT_FOUND => Err(RegistryProblem::NotThere { work: self.work(), token_server: None }.into()),
            _ => Ok(()),
        }
    }

    fn pushed(&self, digest: Digest) -> PushedImage {
        let pushed_at = self.images.time.timestamp();
        PushedImage { repository: self.access.repository.clone(), digest, pushed_at, not_copied: Vec::new() }
    }
}

impl SandboxImages {
    fn at<'a>(&'a self, access: &'a Access) -> Repository<'a> {
        Repository { images: self, access }
    }

    fn push(&self, content: &Content, to: &Access, tag: &str) -> Result<PushedImage, Fault> {
        let labels: BTreeMap<String, &String> =
            content.labels.iter().map(|(k, v)| (format!("dev.kanmon.sandbox.{k}"), v)).collect();
        let config = json!({"os": "linux", "architecture": "amd64", "config": {"Labels": labels}}).to_string();
        let (config, layer) = (Bytes::from(config), Bytes::from(content.layer.clone()));
        let described = |media_type: &str, blob: &Bytes| -> Value {
            json!({"mediaType": media_type, "digest": Digest::of(blob), "size": blob.len()})
        };
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described(CONFIG, &config),
            "layers": [described(LAYER, &layer)],
        });
        let repository = self.at(to);
        repository.blob(config)?;
        repository.blob(layer)?;
        repository.tag(Bytes::from(manifest.to_string()), tag)
    }

    /// Every blob of an image and its manifest, from one repository into another.
    fn carry(&self, from: &Access, digest: &Digest, to: &Access, tag: &str) -> Result<PushedImage, Fault> {
        let (from, to) = (self.at(from), self.at(to));
        let missing = || Fault::from(RegistryProblem::NotThere { work: from.work(), token_server: None });
        let manifest = from.get(&format!("manifests/{digest}"))?.ok_or_else(missing)?;
        let parsed: Value = serde_json::from_slice(&manifest).expect("a manifest");
        let layers = parsed["layers"].as_array().cloned().unwrap_or_default();
        for blob in layers.iter().chain([&parsed["config"]]) {
            let blob = blob["digest"].as_str().expect("a digest");
            to.blob(from.get(&format!("blobs/{blob}"))?.ok_or_else(missing)?)?;
        }
        to.tag(manifest, tag)
    }
}

#[async_trait]
impl Images for SandboxImages {
    async fn build(&self, spec: &ImageSpec, to: &Access, tag: &str, say: Say<'_>) -> Result<Built, Fault> {
        say(&Progress::Output { line: "building".to_owned() });
        // A build takes time, in which other things happen.
        tokio::time::sleep(std::time::Duration::from_secs(40)).await;
        let content = self.contents.lock().unwrap().get(&spec.repository).cloned().unwrap_or_default();
        let pushed = self.interceptor.pass("push", async { self.push(&content, to, tag) }).await?;
        Ok(Built { pushed, by: "the simulation".to_owned(), notices: Vec::new() })
    }

    async fn look(&self, at: &Access, reference: &str) -> Result<Option<PushedImage>, Fault> {
        let repository = self.at(at);
        let manifest =
            self.interceptor.pass("look", async { repository.get(&format!("manifests/{reference}")) }).await?;
        Ok(manifest.map(|m| repository.pushed(Digest::of(&m))))
    }

    async fn contents(&self, at: &Access, digest: &Digest) -> Result<Option<Contents>, Fault> {
        let repository = self.at(at);
        let there = self.interceptor.pass("contents", async { repository.get(&format!("manifests/{digest}")) }).await?;
        let platform = Platform::parse("linux/amd64")?;
        let one = Runnable { digest: digest.clone(), platform: Some(platform) };
        Ok(there.map(|_| Contents { runnable: vec![one], unclear: None }))
    }

    /// An image that is built here does not name its commit.
    async fn commit(&self, _: &Access, _: &Digest) -> Result<Option<String>, Fault> {
        Ok(None)
    }

    async fn copy(
        &self,
        from: &Access,
        digest: &Digest,
        to: &Access,
        tag: &str,
        say: Say<'_>,
    ) -> Result<PushedImage, Fault> {
        say(&Progress::CopyingManifest { manifest: digest.clone(), number: 1, all: 1 });
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        self.interceptor.pass("copy", async { self.carry(from, digest, to, tag) }).await
    }

    async fn locate(&self, reference: &str) -> Result<(Access, String), Fault> {
        let by_digest = reference.rsplit_once('@');
        let (repository, reference) = by_digest.or_else(|| reference.rsplit_once(':')).ok_or_else(|| {
            RegistryProblem::InvalidReference { reference: reference.to_owned(), why: ReferenceFlaw::Name }
        })?;
        let login = self.given.lock().unwrap().as_ref().and_then(|a| a.login.clone());
        let access = Access { repository: repository.to_owned(), login, login_from: None, insecure: true };
        Ok((access, reference.to_owned()))
    }

    fn fence(&self, may_send: MaySend) {
        self.fence.set(may_send);
    }
}
