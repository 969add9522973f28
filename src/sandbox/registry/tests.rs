use std::collections::BTreeMap;

use http::header::HeaderMap;
use serde_json::json;

use crate::sandbox::tests::{HOST, TestEnv, key};
use bytes::Bytes;
use http::{Request, Response};

/// An image as a builder would have it.
pub struct Built {
    pub manifest: String,
    pub media_type: &'static str,
    pub digest: String,
    pub blobs: Vec<Bytes>,
    os: &'static str,
    architecture: &'static str,
}

fn digest(bytes: &[u8]) -> String {
    String::from(crate::model::ids::Digest::of(bytes))
}

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

/// A one-layer image with labels.
pub fn image(content: &str, labels: &[(&str, &str)]) -> Built {
    let labels: BTreeMap<_, _> = labels.iter().copied().collect();
    let config = json!({"os": "linux", "architecture": "amd64", "config": {"Labels": labels}}).to_string();
    built(config, content, "application/vnd.oci.image.layer.v1.tar+gzip", ("linux", "amd64"))
}

/// What builders put beside an image in an index.
pub fn attestation(content: &str) -> Built {
    let config = json!({"os": "unknown", "architecture": "unknown"}).to_string();
    built(config, content, "application/vnd.in-toto+json", ("unknown", "unknown"))
}

fn built(config: String, content: &str, layer_type: &str, platform: (&'static str, &'static str)) -> Built {
    let (config, layer) = (Bytes::from(config), Bytes::from(content.to_owned()));
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(&config), "size": config.len()},
        "layers": [{"mediaType": layer_type, "digest": digest(&layer), "size": layer.len()}],
    })
    .to_string();
    let digest = digest(manifest.as_bytes());
    let (os, architecture) = platform;
    Built { manifest, media_type: IMAGE, digest, blobs: vec![config, layer], os, architecture }
}

pub fn index_of(images: &[&Built]) -> Built {
    let child = |i: &&Built| {
        json!({
            "mediaType": i.media_type, "digest": i.digest, "size": i.manifest.len(),
            "platform": {"os": i.os, "architecture": i.architecture},
        })
    };
    let media_type = "application/vnd.oci.image.index.v1+json";
    let manifests: Vec<_> = images.iter().map(child).collect();
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}).to_string();
    let digest = digest(manifest.as_bytes());
    Built { manifest, media_type, digest, blobs: Vec::new(), os: "", architecture: "" }
}

/// A registry client that is logged in.
pub struct Pusher<'a> {
    test_env: &'a TestEnv,
    path: String,
    authorization: String,
}

impl<'a> Pusher<'a> {
    /// The developer, pushing to `ACCOUNT.REGION/REPOSITORY`.
    pub async fn of(test_env: &'a TestEnv, path: &str) -> Pusher<'a> {
        Pusher::with(test_env, path, test_env.developer()).await
    }

    pub async fn with(test_env: &'a TestEnv, path: &str, config: aws_types::SdkConfig) -> Pusher<'a> {
        let ecr = aws_sdk_ecr::Client::new(&config);
        let token = ecr.get_authorization_token().send().await.unwrap();
        let token = token.authorization_data()[0].authorization_token().unwrap().to_owned();
        Pusher { test_env, path: path.to_owned(), authorization: format!("Basic {token}") }
    }

    pub fn send(&self, method: &str, rest: &str, headers: &[(&str, &str)], body: Bytes) -> Response<Bytes> {
        let uri = if rest.starts_with("/v2/") { rest.to_owned() } else { format!("/v2/{}/{rest}", self.path) };
        let mut request = Request::builder().method(method).uri(uri).header("authorization", &self.authorization);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.test_env.send(request.body(body).unwrap())
    }

    pub fn get(&self, rest: &str) -> Response<Bytes> {
        self.send("GET", rest, &[], Bytes::new())
    }

    pub fn blobs(&self, image: &Built) {
        for blob in &image.blobs {
            let pushed = self.send("POST", &format!("blobs/uploads/?digest={}", digest(blob)), &[], blob.clone());
            assert_eq!(pushed.status(), 201, "{pushed:?}");
        }
    }

    pub fn manifest(&self, image: &Built, reference: &str) -> Response<Bytes> {
        let body = Bytes::from(image.manifest.clone());
        self.send("PUT", &format!("manifests/{reference}"), &[("content-type", image.media_type)], body)
    }

    pub fn push(&self, image: &Built, tag: &str) {
        self.blobs(image);
        let pushed = self.manifest(image, tag);
        assert_eq!(pushed.status(), 201, "{pushed:?}");
    }

    pub fn push_untagged(&self, image: &Built) {
        self.push(image, &image.digest);
    }
}

const DEV: &str = "111111111111.ap-northeast-1/asset-manager";

fn code(response: &Response<Bytes>) -> (u16, String) {
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    (response.status().as_u16(), body["errors"][0]["code"].as_str().unwrap().to_owned())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers[name].to_str().unwrap()
}

#[tokio::test]
async fn a_pushed_image_is_pulled_by_tag_and_digest() {
    let test_env = TestEnv::demo();
    let client = Pusher::of(&test_env, DEV).await;
    let app = image("layer", &[]);
    client.push(&app, "v1");
    for reference in ["v1", app.digest.as_str()] {
        let got = client.get(&format!("manifests/{reference}"));
        assert_eq!((got.status().as_u16(), got.body()), (200, &Bytes::from(app.manifest.clone())));
        assert_eq!(header(got.headers(), "docker-content-digest"), app.digest);
        assert_eq!(header(got.headers(), "content-type"), IMAGE);
        let head = client.send("HEAD", &format!("manifests/{reference}"), &[], Bytes::new());
        assert_eq!(header(head.headers(), "content-length"), app.manifest.len().to_string());
        assert!(head.body().is_empty());
    }
    let layer = digest(b"layer");
    assert_eq!(client.get(&format!("blobs/{layer}")).body(), "layer");
    let part = client.send("GET", &format!("blobs/{layer}"), &[("range", "bytes=1-2")], Bytes::new());
    assert_eq!((part.status().as_u16(), part.body().as_ref()), (206, b"ay".as_ref()));
    let tags: serde_json::Value = serde_json::from_slice(client.get("tags/list").body()).unwrap();
    assert_eq!(tags, json!({"name": DEV, "tags": ["v1"]}));
    assert_eq!(code(&client.get("manifests/v2")), (404, "MANIFEST_UNKNOWN".to_owned()));
}

#[tokio::test]
async fn tags_come_in_pages_that_link_to_the_next() {
    let test_env = TestEnv::demo();
    let client = Pusher::of(&test_env, DEV).await;
    let app = image("layer", &[]);
    let all = ["V1", "a", "b", "c", "latest"];
    for tag in ["b", "latest", "a", "V1", "c"] {
        client.push(&app, tag);
    }
    let tags = |got: &Response<Bytes>| -> serde_json::Value {
        serde_json::from_slice::<serde_json::Value>(got.body()).unwrap()["tags"].clone()
    };
    for size in 1..=6 {
        let (mut next, mut seen, mut pages) = (Some(format!("tags/list?n={size}")), Vec::new(), 0);
        while let Some(path) = next {
            let got = client.get(&path);
            let page: Vec<String> = serde_json::from_value(tags(&got)).unwrap();
            assert!((1..=size).contains(&page.len()), "{page:?}");
            seen.extend(page);
            pages += 1;
            let link = got.headers().get("link").map(|l| l.to_str().unwrap());
            next =
                link.map(|l| l.strip_prefix('<').and_then(|l| l.strip_suffix(">; rel=\"next\"")).unwrap().to_owned());
        }
        assert_eq!((seen.as_slice(), pages), (all.map(str::to_owned).as_slice(), all.len().div_ceil(size)));
    }
    assert_eq!(tags(&client.get("tags/list?last=b")), json!(["c", "latest"]));
    assert_eq!(
        tags(&client.get("tags/list?n=1&last=bb")),
        json!(["c"]),
        "a `last` that is not a tag is a position among them"
    );
    let none = client.get("tags/list?n=0");
    assert_eq!((tags(&none), none.headers().get("link")), (json!([]), None));
    assert_eq!(code(&client.get("tags/list?n=many")), (400, "PAGINATION_NUMBER_INVALID".to_owned()));
}

#[tokio::test]
async fn an_upload_in_parts_is_put_together_and_its_digest_checked() {
    let test_env = TestEnv::demo();
    let client = Pusher::of(&test_env, DEV).await;
    let begin = || {
        let begun = client.send("POST", "blobs/uploads/", &[], Bytes::new());
        assert_eq!(begun.status(), 202);
        header(begun.headers(), "location").to_owned()
    };
    let upload = begin();
    let part =
        |range: &str, body: &'static str| client.send("PATCH", &upload, &[("content-range", range)], body.into());
    assert_eq!(header(part("0-2", "abc").headers(), "range"), "0-2");
    assert_eq!(part("5-6", "xx").status(), 416);
    assert_eq!(header(part("3-4", "de").headers(), "range"), "0-4");
    let finish = |upload: &str, d: &str| client.send("PUT", &format!("{upload}?digest={d}"), &[], "f".into());
    assert_eq!(finish(&upload, &digest(b"abcdef").replace(':', "%3A")).status(), 201);
    assert_eq!(client.get(&format!("blobs/{}", digest(b"abcdef"))).body(), "abcdef");
    assert_eq!(code(&finish(&upload, &digest(b"f"))), (404, "BLOB_UPLOAD_UNKNOWN".to_owned()));
    assert_eq!(code(&finish(&begin(), &digest(b"other"))), (400, "DIGEST_INVALID".to_owned()));
}

#[tokio::test]
async fn manifests_with_missing_parts_or_another_digest_are_refused() {
    let test_env = TestEnv::demo();
    let client = Pusher::of(&test_env, DEV).await;
    let app = image("layer", &[]);
    assert_eq!(code(&client.manifest(&app, "v1")), (400, "MANIFEST_BLOB_UNKNOWN".to_owned()));
    client.blobs(&app);
    assert_eq!(code(&client.manifest(&app, &digest(b"x"))), (400, "DIGEST_INVALID".to_owned()));
    let index = index_of(&[&image("absent", &[])]);
    assert_eq!(code(&client.manifest(&index, "v1")), (400, "MANIFEST_BLOB_UNKNOWN".to_owned()));
    let broken = client.send("PUT", "manifests/v1", &[("content-type", IMAGE)], "{".into());
    assert_eq!(code(&broken), (400, "MANIFEST_INVALID".to_owned()));
}

#[tokio::test]
async fn an_immutable_tag_takes_the_same_image_again_and_no_other() {
    let mut seed = crate::sandbox::Seed::demo();
    let named = seed.accounts[0].repositories.iter_mut().find(|r| r.name == "asset-manager");
    named.unwrap().immutable = true;
    let test_env = TestEnv::of(&seed);
    let client = Pusher::of(&test_env, DEV).await;
    let (one, two) = (image("one", &[]), image("two", &[]));
    client.push(&one, "v1");
    client.push(&one, "v1");
    client.blobs(&two);
    assert_eq!(code(&client.manifest(&two, "v1")), (400, "TAG_INVALID".to_owned()));
    assert_eq!(client.manifest(&two, "v2").status(), 201);
}

#[tokio::test]
async fn blobs_are_mounted_within_an_account_and_copied_across() {
    let test_env = TestEnv::demo();
    let ecr = aws_sdk_ecr::Client::new(&test_env.developer());
    ecr.create_repository().repository_name("other").send().await.unwrap();
    let source = Pusher::of(&test_env, DEV).await;
    source.blobs(&image("layer", &[]));
    let layer = digest(b"layer");
    let mount = |to: &str, from: &str| {
        source.send("POST", &format!("/v2/{to}/blobs/uploads/?mount={layer}&from={from}"), &[], Bytes::new())
    };
    let within = mount("111111111111.ap-northeast-1/other", DEV);
    assert_eq!(within.status(), 201);
    assert_eq!(source.get(&format!("/v2/111111111111.ap-northeast-1/other/blobs/{layer}")).status(), 200);

    let sts = aws_sdk_sts::Client::new(&test_env.developer());
    let role = sts.assume_role().role_arn("arn:aws:iam::222222222222:role/kanmon-deploy").role_session_name("r1");
    let answer = role.external_id("asset").send().await.unwrap();
    let config = test_env.config(crate::sandbox::tests::session(answer.credentials().unwrap()));
    let prod = Pusher::with(&test_env, "222222222222.ap-northeast-1/asset-manager", config).await;
    let across = prod.send("POST", &format!("blobs/uploads/?mount={layer}&from={DEV}"), &[], Bytes::new());
    assert_eq!(across.status(), 202);
    // Dev's repository policy lets prod pull.
    assert_eq!(prod.get(&format!("/v2/{DEV}/blobs/{layer}")).status(), 200);
    assert_eq!(code(&prod.send("POST", &format!("/v2/{DEV}/blobs/uploads/"), &[], Bytes::new())).0, 403);
}

#[tokio::test]
async fn a_token_acts_for_its_principal_and_expires_after_twelve_hours() {
    let test_env = TestEnv::demo();
    let anonymous = test_env.send(Request::get("/v2/").body(Bytes::new()).unwrap());
    assert_eq!(anonymous.status(), 401);
    assert_eq!(
        header(anonymous.headers(), "www-authenticate"),
        format!("Basic realm=\"http://{HOST}/\",service=\"ecr.amazonaws.com\"")
    );
    let client = Pusher::of(&test_env, DEV).await;
    assert_eq!(client.get("/v2/").status(), 200);
    assert_eq!(code(&client.get("/v2/111111111111.ap-northeast-1/none/tags/list")), (404, "NAME_UNKNOWN".to_owned()));
    test_env.clock.pass(12 * 3600);
    assert_eq!(code(&client.get("tags/list")), (403, "DENIED".to_owned()));

    // The manager may not even ask for a token.
    let ecr = aws_sdk_ecr::Client::new(&test_env.manager());
    assert!(ecr.get_authorization_token().send().await.is_err());
}

#[tokio::test]
async fn a_pusher_without_a_permission_is_shown_which() {
    let mut seed = crate::sandbox::Seed::demo();
    let read = json!({"Statement": {"Effect": "Allow", "Action": ["ecr:Get*", "ecr:BatchGetImage"], "Resource": "*"}});
    seed.accounts[0].users[1].policies = vec![read];
    let test_env = TestEnv::of(&seed);
    let manager = test_env.config(key("AKIASANDBOX00MANAGER", "sandbox/manager/example/secret/key/00000"));
    let client = Pusher::with(&test_env, DEV, manager).await;
    let refused = client.send("POST", "blobs/uploads/", &[], Bytes::new());
    assert_eq!(code(&refused), (403, "DENIED".to_owned()));
    assert!(
        String::from_utf8_lossy(refused.body()).contains("no identity-based policy allows the ecr:InitiateLayerUpload")
    );
    assert_eq!(client.get("manifests/none").status(), 404);
}

#[tokio::test]
async fn referrers_are_found_by_their_subject_and_kind() {
    let test_env = TestEnv::demo();
    let client = Pusher::of(&test_env, DEV).await;
    let app = image("layer", &[]);
    client.push(&app, "v1");
    let empty = "{}";
    client.send("POST", &format!("blobs/uploads/?digest={}", digest(empty.as_bytes())), &[], empty.into());
    let part = json!({"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest(empty.as_bytes()), "size": 2});
    let proof = json!({
        "schemaVersion": 2, "mediaType": IMAGE, "artifactType": "application/vnd.test+json", "config": part, "layers": [part],
        "subject": {"mediaType": IMAGE, "digest": app.digest, "size": app.manifest.len()},
    })
    .to_string();
    let by = digest(proof.as_bytes());
    let put = client.send("PUT", &format!("manifests/{by}"), &[("content-type", IMAGE)], proof.into());
    assert_eq!(header(put.headers(), "oci-subject"), app.digest);
    let list = |query: &str| -> serde_json::Value {
        serde_json::from_slice(client.get(&format!("referrers/{}{query}", app.digest)).body()).unwrap()
    };
    assert_eq!(list("")["manifests"][0]["digest"], by);
    assert_eq!(list("?artifactType=application%2Fvnd.test%2Bjson")["manifests"][0]["digest"], by);
    assert_eq!(list("?artifactType=other")["manifests"], json!([]));
}

#[tokio::test]
async fn tasks_pull_by_policy_the_child_of_their_platform() {
    use crate::sandbox::service::{ImageSource, RunsOn};
    let test_env = TestEnv::demo();
    let client = Pusher::of(&test_env, DEV).await;
    let app = image("layer", &[("dev.kanmon.sandbox.exit-code", "3")]);
    let proof = attestation("layer");
    let index = index_of(&[&proof, &app]);
    client.push_untagged(&app);
    client.push_untagged(&proof);
    client.push(&index, "v1");
    let region = "ap-northeast-1".parse().unwrap();
    let pull = |account: &str, reference: &str| {
        let world = test_env.world.lock().unwrap();
        let on = RunsOn { os: "linux", architecture: "amd64" };
        world.ecr().pull(&account.parse().unwrap(), &region, &reference.replace("HOST", HOST), &on)
    };
    for reference in
        [format!("HOST/{DEV}:v1"), format!("HOST/{DEV}@{}", index.digest), format!("HOST/{DEV}:x@{}", app.digest)]
    {
        // Dev's policy lets prod's tasks pull, and nobody else's.
        for account in ["111111111111", "222222222222"] {
            let pulled = pull(account, &reference).unwrap();
            assert_eq!(pulled.digest, app.digest);
            assert_eq!(pulled.labels["dev.kanmon.sandbox.exit-code"], "3");
        }
        assert!(pull("333333333333", &reference).unwrap_err().ends_with("403 Forbidden"));
    }
    assert!(pull("111111111111", &format!("HOST/{DEV}:none")).unwrap_err().ends_with(": not found"));
    let e = pull("111111111111", "HOST/222222222222.ap-northeast-1/asset-manager:v1").unwrap_err();
    assert!(e.ends_with("403 Forbidden"), "{e}");
}

#[tokio::test]
async fn a_task_runs_the_child_of_its_platform_whatever_an_annotation_says() {
    use crate::sandbox::service::{ImageSource, RunsOn};
    let test_env = TestEnv::demo();
    let client = Pusher::of(&test_env, DEV).await;
    let arm = json!({"os": "linux", "architecture": "arm64"}).to_string();
    let arm = built(arm, "arm", "application/vnd.oci.image.layer.v1.tar+gzip", ("linux", "arm64"));
    let app = image("layer", &[]);
    let layered = |children: serde_json::Value| {
        let media_type = "application/vnd.oci.image.index.v1+json";
        let manifest = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": children}).to_string();
        let digest = digest(manifest.as_bytes());
        Built { manifest, media_type, digest, blobs: Vec::new(), os: "", architecture: "" }
    };
    let child = |i: &Built, platform: serde_json::Value| {
        json!({"mediaType": i.media_type, "digest": i.digest, "size": i.manifest.len(), "platform": platform,
               "annotations": {"vnd.docker.reference.type": "attestation-manifest"}})
    };
    let marked = layered(json!([child(&app, json!({"os": "linux", "architecture": "amd64"}))]));
    let silent = layered(json!([child(&arm, json!(null)), child(&app, json!(null))]));
    let nested =
        layered(json!([{"mediaType": silent.media_type, "digest": silent.digest, "size": silent.manifest.len()}]));
    for image in [&app, &arm, &marked, &silent, &nested] {
        client.push_untagged(image);
    }
    let region = "ap-northeast-1".parse().unwrap();
    let pull = |image: &Built, os: &'static str, architecture: &'static str| {
        let world = test_env.world.lock().unwrap();
        let reference = format!("{HOST}/{DEV}@{}", image.digest);
        world.ecr().pull(&"111111111111".parse().unwrap(), &region, &reference, &RunsOn { os, architecture })
    };
    assert_eq!(pull(&marked, "linux", "amd64").unwrap().digest, app.digest);
    let none = pull(&marked, "linux", "arm64").unwrap_err();
    assert!(none.ends_with("image Manifest does not contain descriptor matching platform 'linux/arm64'"), "{none}");
    for index in [&silent, &nested] {
        assert_eq!(pull(index, "linux", "amd64").unwrap().digest, app.digest);
        assert_eq!(pull(index, "linux", "arm64").unwrap().digest, arm.digest);
        assert!(pull(index, "windows", "amd64").is_err());
    }
    let other = pull(&app, "linux", "arm64").unwrap();
    assert_eq!((other.digest, other.labels["dev.kanmon.sandbox.exit-code"].as_str()), (app.digest.clone(), "255"));
}
