//! Images as anybody who may push to a repository can build them: manifests, indexes and attestations, part by part.

use kanmon::model::ids::Digest;
use serde_json::{Value, json};

use super::test_env::Sandbox;

pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// Labels that let the sandbox's scanner find something.
pub const CRITICAL: &str = "CRITICAL:7";
pub const CLEAN: &str = "LOW:2";

/// Development's repository, with the developer's login.
pub struct Pusher {
    pub repository: String,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    token: String,
}

impl Pusher {
    pub fn new(sandbox: &Sandbox) -> Pusher {
        let keys: std::collections::BTreeMap<String, String> = sandbox.keys("developer").into_iter().collect();
        let (id, secret) = (&keys["AWS_ACCESS_KEY_ID"], &keys["AWS_SECRET_ACCESS_KEY"]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let token = runtime.block_on(async {
            let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
                .region(aws_types::region::Region::new("ap-northeast-1"))
                .credentials_provider(aws_credential_types::Credentials::new(id, secret, None, None, "test"))
                .endpoint_url(sandbox.endpoint());
            let ecr = aws_sdk_ecr::Client::new(&config.load().await);
            let answer = ecr.get_authorization_token().send().await.unwrap();
            answer.authorization_data()[0].authorization_token().unwrap().to_owned()
        });
        Pusher {
            repository: format!("{}/111111111111.ap-northeast-1/hello", sandbox.host),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            runtime,
            token,
        }
    }

    fn send(&self, method: &str, rest: &str, media_type: &str, body: Vec<u8>) {
        let (host, path) = self.repository.split_once('/').unwrap();
        let url = format!("http://{host}/v2/{path}/{rest}");
        let request = self.http.request(method.parse().unwrap(), url).header("content-type", media_type);
        let request = request.header("authorization", format!("Basic {}", self.token)).body(body);
        // These are more manifests than ECR accepts per second, so the client waits and sends again.
        let status = (0..50).find_map(|_| {
            let answer = self.runtime.block_on(request.try_clone().expect("bytes").send()).unwrap();
            let throttled = answer.status().as_u16() == 429;
            if throttled {
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            (!throttled).then(|| answer.status().as_u16())
        });
        assert_eq!(status, Some(201), "{method} {rest}");
    }

    fn blob(&self, media_type: &str, content: String) -> Value {
        let digest = Digest::of(content.as_bytes());
        let described = json!({ "mediaType": media_type, "digest": digest, "size": content.len() });
        self.send("POST", &format!("blobs/uploads/?digest={digest}"), "application/octet-stream", content.into_bytes());
        described
    }

    fn put(&self, reference: Option<&str>, media_type: &str, manifest: &Value) -> Value {
        let text = manifest.to_string();
        let digest = Digest::of(text.as_bytes());
        let described = json!({ "mediaType": media_type, "digest": digest, "size": text.len() });
        let reference = reference.map_or_else(|| digest.to_string(), str::to_owned);
        self.send("PUT", &format!("manifests/{reference}"), media_type, text.into_bytes());
        described
    }

    /// An image, or something that looks like one; returns its descriptor for an index.
    pub fn image(&self, os: &str, architecture: &str, findings: &str, layer: &Value) -> Value {
        self.labelled(os, architecture, &json!({ "dev.kanmon.sandbox.findings": findings }), layer)
    }

    /// The same with these labels.
    pub fn labelled(&self, os: &str, architecture: &str, labels: &Value, layer: &Value) -> Value {
        let config = json!({ "os": os, "architecture": architecture, "config": { "Labels": labels } });
        let config = self.blob("application/vnd.oci.image.config.v1+json", config.to_string());
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
        let mut described = self.put(None, MANIFEST, &manifest);
        described["platform"] = json!({ "os": os, "architecture": architecture });
        described
    }

    pub fn layer(&self, media_type: &str, content: &str) -> Value {
        self.blob(media_type, content.to_owned())
    }

    /// An image for linux/amd64 with these findings.
    pub fn amd64(&self, findings: &str) -> Value {
        let layer = self.layer(LAYER, &format!("a program with {findings}"));
        self.image("linux", "amd64", findings, &layer)
    }

    /// The attestation that BuildKit adds to an index.
    pub fn attestation(&self) -> Value {
        let statement = self.layer(IN_TOTO, "{\"predicateType\":\"https://slsa.dev/provenance/v1\"}");
        marked(self.image("unknown", "unknown", "", &statement))
    }

    /// The index that `soci convert` adds to an image for linux/amd64, with this layer.
    pub fn soci(&self, layer: &Value) -> Value {
        let config = self.blob("application/vnd.amazon.soci.index.v2+json", "{}".to_owned());
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] });
        let mut described = self.put(None, MANIFEST, &manifest);
        described["artifactType"] = config["mediaType"].clone();
        described["platform"] = json!({ "os": "linux", "architecture": "amd64" });
        described
    }

    /// A signature of this manifest as cosign writes it (under a tag), and one as notation does (a referrer).
    pub fn sign(&self, digest: &str, size: usize) {
        let empty = self.blob("application/vnd.oci.empty.v1+json", "{}".to_owned());
        let payload = self.blob("application/vnd.dev.cosign.simplesigning.v1+json", "{\"critical\":{}}".to_owned());
        let mut signature = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": empty, "layers": [payload] });
        self.put(Some(&format!("{}.sig", digest.replace(':', "-"))), MANIFEST, &signature);
        signature["artifactType"] = json!("application/vnd.cncf.notary.signature");
        signature["subject"] = json!({ "mediaType": MANIFEST, "digest": digest, "size": size });
        self.put(None, MANIFEST, &signature);
    }

    /// An index of these under a tag; its digest.
    pub fn index(&self, tag: &str, children: &[Value]) -> String {
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children });
        self.put(Some(tag), INDEX, &index)["digest"].as_str().unwrap().to_owned()
    }
}

/// With BuildKit's annotation for an attestation, which anybody can put on anything.
pub fn marked(mut child: Value) -> Value {
    child["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest" });
    child
}
