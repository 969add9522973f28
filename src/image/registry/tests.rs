//! Against a registry that answers as it is told, for what real ones do too seldom.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rstest::rstest;

use super::*;
use crate::image::testing::FixedClock;
use crate::ports::images::Login;

type Answer = (u16, Vec<(&'static str, String)>, Bytes);
type Heard = Arc<Mutex<Vec<String>>>;

/// Serves one repository: each request is written down as `METHOD PATH` and answered by `answer`, which is told what was
/// heard before.
async fn scripted(answer: impl Fn(&str, &[String]) -> Answer + Send + Sync + 'static) -> (Access, Heard) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let heard: Heard = Arc::default();
    let (answer, log) = (Arc::new(answer), heard.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (answer, log) = (answer.clone(), log.clone());
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let (answer, log) = (answer.clone(), log.clone());
                async move {
                    let asked = format!("{} {}", request.method(), request.uri());
                    let head = request.method() == Method::HEAD;
                    let _ = request.into_body().collect().await;
                    let mut log = log.lock().unwrap();
                    let (status, headers, body) =
                        if asked.ends_with(" /v2/") { (200, vec![], Bytes::new()) } else { answer(&asked, &log) };
                    log.push(asked);
                    let mut response = Response::new(Full::new(if head { Bytes::new() } else { body }));
                    *response.status_mut() = StatusCode::from_u16(status).unwrap();
                    for (name, value) in headers {
                        response.headers_mut().insert(name, value.parse().unwrap());
                    }
                    Ok::<_, Infallible>(response)
                }
            });
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    let login = Some(Login { username: "AWS".into(), password: "secret".into() });
    (Access { repository: format!("{host}/app"), login, insecure: true }, heard)
}

fn count(heard: &Heard, what: &str) -> usize {
    heard.lock().unwrap().iter().filter(|h| h.starts_with(what)).count()
}

fn manifest(n: u8) -> Manifest {
    let d = Digest::of(&[n]);
    let text =
        format!(r#"{{"schemaVersion":2,"config":{{"mediaType":"c","digest":"{d}","size":1}},"layers":[],"n":{n}}}"#);
    Manifest::parse(text.into()).unwrap()
}

fn plain(status: u16) -> Answer {
    (status, vec![], Bytes::new())
}

fn content(m: &Manifest) -> Answer {
    (200, vec![("docker-content-digest", m.digest.to_string())], m.bytes.clone())
}

fn immutable() -> Answer {
    (400, vec![], Bytes::from_static(br#"{"errors":[{"code":"TAG_INVALID","message":"the tag is immutable"}]}"#))
}

async fn tagged(put: Answer, then: Answer) -> (Result<(), Fault>, usize) {
    let (access, heard) =
        scripted(move |asked, _| if asked.starts_with("PUT") { put.clone() } else { then.clone() }).await;
    let repository = Repository::to_write(access, &FixedClock).await.unwrap();
    (repository.tag(&manifest(1), "v1").await, count(&heard, "PUT /v2/app/manifests/v1"))
}

#[tokio::test]
async fn a_tag_whose_answer_was_lost_is_read_and_never_put_twice() {
    let (landed, puts) = tagged(plain(502), content(&manifest(1))).await;
    assert_eq!((landed, puts), (Ok(()), 1));
    for found in [plain(404), content(&manifest(2)), plain(403)] {
        let (unclear, puts) = tagged(plain(502), found).await;
        assert_eq!((unclear.unwrap_err().kind, puts), (FaultKind::Ambiguous, 1));
    }
}

#[tokio::test]
async fn an_immutable_tag_is_a_refusal_unless_it_holds_the_same() {
    let (same, _) = tagged(immutable(), content(&manifest(1))).await;
    assert_eq!(same, Ok(()));
    let other = tagged(immutable(), content(&manifest(2))).await.0.unwrap_err();
    assert_eq!(other.kind, FaultKind::Invalid);
    assert!(other.hint.unwrap().contains(manifest(2).digest.as_str()));
}

#[tokio::test]
async fn a_tag_that_somebody_moved_at_once_is_noticed() {
    let (moved, _) = tagged(plain(201), content(&manifest(2))).await;
    assert_eq!(moved.unwrap_err().kind, FaultKind::Changed);
}

#[tokio::test]
async fn a_registry_that_leaves_out_the_address_is_understood() {
    // As ECR answers.
    let (access, _) = scripted(|_, _| plain(201)).await;
    let repository = Repository::to_write(access, &FixedClock).await.unwrap();
    assert_eq!(repository.put_manifest(&manifest(1)).await, Ok(()));
}

#[tokio::test]
async fn a_throttled_read_is_repeated_until_it_is_answered() {
    let (access, heard) = scripted(|_, before| if before.len() < 4 { plain(429) } else { content(&manifest(1)) }).await;
    let repository = Repository::to_read(access, &FixedClock).await.unwrap();
    assert_eq!(repository.manifest("v1").await.unwrap(), Some(manifest(1)));
    assert!(count(&heard, "GET /v2/app/manifests/v1") > 1);
}

#[rstest]
#[case(401, FaultKind::AccessDenied)]
#[case(403, FaultKind::AccessDenied)]
#[case(429, FaultKind::Throttled)]
#[case(500, FaultKind::Unreachable)]
#[tokio::test]
async fn what_stops_a_read_is_said(#[case] status: u16, #[case] kind: FaultKind) {
    let (access, _) = scripted(move |_, _| plain(status)).await;
    let repository = Repository::to_read(access, &FixedClock).await.unwrap();
    assert_eq!(repository.manifest("v1").await.unwrap_err().kind, kind);
    assert_eq!(repository.has_blob(&Digest::of(b"x")).await.unwrap_err().kind, kind);
}

#[tokio::test]
async fn bytes_that_are_not_what_they_are_called_are_refused() {
    let lie = |called: Digest| {
        move |_: &str, _: &[String]| -> Answer {
            (200, vec![("docker-content-digest", called.to_string())], manifest(2).bytes)
        }
    };
    let (access, _) = scripted(lie(manifest(1).digest)).await;
    let repository = Repository::to_read(access, &FixedClock).await.unwrap();
    for reference in ["v1", manifest(1).digest.as_str()] {
        assert_eq!(repository.manifest(reference).await.unwrap_err().kind, FaultKind::Invalid);
    }
    // A registry that is true to itself and answers something else than was asked for.
    let (access, _) = scripted(lie(manifest(2).digest)).await;
    let repository = Repository::to_read(access, &FixedClock).await.unwrap();
    assert_eq!(repository.manifest(manifest(1).digest.as_str()).await.unwrap_err().kind, FaultKind::Invalid);
}

#[rstest]
#[case(201, true)]
#[case(202, false)]
#[case(403, false)]
#[tokio::test]
async fn a_mount_that_the_registry_declines_means_copying(#[case] status: u16, #[case] mounted: bool) {
    let (access, _) = scripted(move |_, _| (status, vec![("location", "/v2/app/blobs/x".into())], Bytes::new())).await;
    let host = access.repository.strip_suffix("/app").unwrap().to_owned();
    let other = Access { repository: format!("{host}/other"), ..access.clone() };
    let to = Repository::to_write(access, &FixedClock).await.unwrap();
    let from = Repository::to_read(other, &FixedClock).await.unwrap();
    assert_eq!(to.mount(&Digest::of(b"x"), &from).await, mounted);
}

#[tokio::test]
async fn a_layer_that_is_not_what_it_is_called_does_not_arrive() {
    let (source, _) = scripted(|_, _| (200, vec![], Bytes::from_static(b"tampered"))).await;
    let (target, heard) = scripted(|asked, _| match asked.split(' ').next() {
        Some("POST") => (202, vec![("location", "/v2/app/blobs/uploads/1".into())], Bytes::new()),
        _ => plain(400),
    })
    .await;
    let from = Repository::to_read(source, &FixedClock).await.unwrap();
    let to = Repository::to_write(target, &FixedClock).await.unwrap();
    let blob = Descriptor {
        media_type: "application/vnd.oci.image.layer.v1.tar".into(),
        digest: Digest::of(b"original"),
        size: 8,
        urls: None,
        annotations: None,
        platform: None,
    };
    assert_eq!(to.take_blob(&blob, &from).await.unwrap_err().kind, FaultKind::Invalid);
    assert_eq!(count(&heard, "PUT"), 1, "tampering is not tried again");
}

#[tokio::test]
async fn a_repository_has_a_host_and_a_path() {
    for name in ["app", "/app", "r.example/"] {
        let access = Access { repository: name.into(), login: None, insecure: true };
        assert_eq!(Repository::to_read(access, &FixedClock).await.err().unwrap().kind, FaultKind::Invalid);
    }
}
