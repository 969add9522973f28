//! Against a scripted registry, for what real ones rarely do.

use bytes::Bytes;
use rstest::rstest;

use super::limits::Limits;
use super::*;
use crate::image::manifest::Descriptor;
use crate::image::testing::{Answer, FixedClock, Heard, count, plain, scripted};
use crate::model::fault::Problem;
use crate::model::fault::own::{NotSent, OwnProblem, Part};
use crate::model::fault::registry::{AddressRefusal, Awaited, RedirectRefusal, Silence};
use crate::model::registry_login::NoLogin;

/// The login that a refusal names.
fn login(fault: Fault) -> Option<RegistryLogin> {
    match fault.problem {
        Problem::Registry(RegistryProblem::Denied { login, .. }) => login,
        other => panic!("{other:?}"),
    }
}

fn mine() -> RegistryLogin {
    RegistryLogin::File { username: "me".into(), file: "config.json".into() }
}

fn none() -> RegistryLogin {
    RegistryLogin::None { why: NoLogin::NoFolder }
}

fn unusable(fault: Fault) -> UnusableAnswer {
    match fault.problem {
        Problem::Registry(RegistryProblem::Unusable { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

fn manifest(n: u8) -> Manifest {
    let d = Digest::of(&[n]);
    let text =
        format!(r#"{{"schemaVersion":2,"config":{{"mediaType":"c","digest":"{d}","size":1}},"layers":[],"n":{n}}}"#);
    Manifest::parse(text.into()).unwrap()
}

/// What a proxy or a guest network answers in the registry's place.
fn page(status: u16) -> Answer {
    (status, vec![("content-type", "text/html".into())], Bytes::from_static(b"<html>log in first</html>"))
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
    let repository = Repository::to_write(access, &FixedClock, &Fence::open()).unwrap();
    (repository.tag(&manifest(1), "v1").await, count(&heard, "PUT /v2/app/manifests/v1"))
}

#[tokio::test]
async fn a_tag_whose_answer_was_lost_is_read_and_never_put_twice() {
    let (landed, puts) = tagged(plain(502), content(&manifest(1))).await;
    assert_eq!((landed, puts), (Ok(()), 1));
    for found in [plain(404), content(&manifest(2)), plain(403)] {
        let (unclear, puts) = tagged(plain(502), found).await;
        assert_eq!((unclear.unwrap_err().kind(), puts), (FaultKind::Ambiguous, 1));
    }
}

#[tokio::test]
async fn a_tag_is_not_put_by_a_request_that_would_be_repeated() {
    let (access, heard) = scripted(|_, _| plain(201)).await;
    let repository = Repository::to_write(access, &FixedClock, &Fence::open()).unwrap();
    let (one, work) = (manifest(1), Work::SetTag { repository: "app".into(), tag: "v1".into() });
    let put = |nature, reference| {
        let (repository, one) = (&repository, &one);
        with_retries(&FixedClock, nature, move |attempt| repository.put_as(attempt, one, reference))
    };
    let refused = repository.fault(&put(Nature::Repeatable, "v1").await.unwrap_err(), work);
    assert_eq!(refused, OwnProblem::Broken { part: Part::RegistryRetry }.into());
    assert_eq!(count(&heard, "PUT"), 0);
    put(Nature::Once, "v1").await.unwrap();
    put(Nature::Repeatable, one.digest.as_str()).await.unwrap();
    assert_eq!(count(&heard, "PUT"), 2);
}

#[tokio::test]
async fn an_immutable_tag_is_a_refusal_unless_it_holds_the_same() {
    let (same, _) = tagged(immutable(), content(&manifest(1))).await;
    assert_eq!(same, Ok(()));
    let other = tagged(immutable(), content(&manifest(2))).await.0.unwrap_err();
    assert_eq!(other.kind(), FaultKind::Invalid);
    assert!(
        matches!(other.problem, Problem::Registry(RegistryProblem::TagTaken { holds, .. }) if holds == manifest(2).digest)
    );
}

#[tokio::test]
async fn a_tag_that_somebody_else_moves_at_the_same_time_is_noticed() {
    let (moved, _) = tagged(plain(201), content(&manifest(2))).await;
    assert_eq!(moved.unwrap_err().kind(), FaultKind::Changed);
}

#[tokio::test]
async fn a_registry_may_leave_out_the_location_of_a_manifest() {
    // As ECR answers.
    let (access, _) = scripted(|_, _| plain(201)).await;
    let repository = Repository::to_write(access, &FixedClock, &Fence::open()).unwrap();
    assert_eq!(repository.put_manifest(&manifest(1)).await, Ok(()));
}

#[tokio::test]
async fn a_throttled_read_is_repeated_until_it_is_answered() {
    let (access, heard) = scripted(|_, before| if before.len() < 4 { plain(429) } else { content(&manifest(1)) }).await;
    let repository = Repository::to_read(access, &FixedClock).unwrap();
    assert_eq!(repository.manifest("v1").await.unwrap(), Some(manifest(1)));
    assert!(count(&heard, "GET /v2/app/manifests/v1") > 1);
}

#[rstest]
#[case(401, FaultKind::AccessDenied)]
#[case(403, FaultKind::AccessDenied)]
#[case(429, FaultKind::Throttled)]
#[case(500, FaultKind::Unreachable)]
#[tokio::test]
async fn a_failed_read_is_reported_by_its_kind(#[case] status: u16, #[case] kind: FaultKind) {
    let (access, _) = scripted(move |_, _| plain(status)).await;
    let repository = Repository::to_read(access, &FixedClock).unwrap();
    assert_eq!(repository.manifest("v1").await.unwrap_err().kind(), kind);
    assert_eq!(repository.has_blob(&Digest::of(b"x"), 1).await.unwrap_err().kind(), kind);
}

#[tokio::test]
async fn bytes_that_do_not_match_their_digest_are_refused() {
    let lie = |called: Digest| {
        move |_: &str, _: &[String]| -> Answer {
            (200, vec![("docker-content-digest", called.to_string())], manifest(2).bytes)
        }
    };
    let (access, _) = scripted(lie(manifest(1).digest)).await;
    let repository = Repository::to_read(access, &FixedClock).unwrap();
    for reference in ["v1", manifest(1).digest.as_str()] {
        assert_eq!(repository.manifest(reference).await.unwrap_err().kind(), FaultKind::Invalid);
    }
    // A registry that is true to itself and answers something else than was asked for.
    let (access, _) = scripted(lie(manifest(2).digest)).await;
    let repository = Repository::to_read(access, &FixedClock).unwrap();
    assert_eq!(repository.manifest(manifest(1).digest.as_str()).await.unwrap_err().kind(), FaultKind::Invalid);
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
    let to = Repository::to_write(access, &FixedClock, &Fence::open()).unwrap();
    let from = Repository::to_read(other, &FixedClock).unwrap();
    assert_eq!(to.mount(&Digest::of(b"x"), &from).await, mounted);
}

#[tokio::test]
async fn a_layer_that_does_not_match_its_digest_is_not_stored() {
    let (source, _) = scripted(|_, _| (200, vec![], Bytes::from_static(b"tampered"))).await;
    let (target, heard) = scripted(|asked, _| match asked.split(' ').next() {
        Some("POST") => (202, vec![("location", "/v2/app/blobs/uploads/1".into())], Bytes::new()),
        _ => plain(400),
    })
    .await;
    let from = Repository::to_read(source, &FixedClock).unwrap();
    let to = Repository::to_write(target, &FixedClock, &Fence::open()).unwrap();
    let blob = layer(b"original", 8);
    assert_eq!(to.take_blob(&blob, &from).await.unwrap_err().kind(), FaultKind::Invalid);
    assert_eq!(count(&heard, "PUT"), 1, "tampering is not tried again");
}

#[tokio::test]
async fn a_repository_has_a_host_and_a_path_and_plain_http_is_for_loopback_only() {
    for name in ["app", "/app", "r.example/", "r.example/app", "localhost.example/app"] {
        let access = Access { repository: name.into(), login: None, login_from: None, insecure: true };
        assert_eq!(Repository::to_read(access, &FixedClock).err().unwrap().kind(), FaultKind::Invalid);
    }
}

fn layer(content: &[u8], size: u64) -> Descriptor {
    Descriptor {
        media_type: "application/vnd.oci.image.layer.v1.tar".into(),
        digest: Digest::of(content),
        size,
        urls: None,
        annotations: None,
        platform: None,
    }
}

fn wants_token(realm: &str) -> Answer {
    let challenge = format!("Bearer realm=\"{realm}\",service=\"r\"");
    (401, vec![("www-authenticate", challenge)], Bytes::new())
}

/// A registry that lets in who has a token of this server, and what it heard.
async fn behind(realm: String) -> (Access, Heard) {
    scripted(move |asked, _| if asked.ends_with("Bearer abc") { content(&manifest(1)) } else { wants_token(&realm) })
        .await
}

#[rstest]
#[case(page(200))]
#[case(page(502))]
#[case(page(401))]
#[case(page(403))]
#[case(page(404))]
#[case((200, vec![("content-type", "application/json".into())], Bytes::from_static(b"{}")))]
#[case((200, vec![], Bytes::new()))]
#[case((500, vec![], Bytes::new()))]
#[case((429, vec![], Bytes::new()))]
#[tokio::test]
async fn a_passing_fault_is_retried_wherever_it_comes(#[case] fault: Answer) {
    // At the token server, which is asked at the first request.
    let again = fault.clone();
    let token = (200, vec![], Bytes::from_static(br#"{"token":"abc"}"#));
    let (server, asked) = scripted(move |_, before| if before.len() < 2 { again.clone() } else { token.clone() }).await;
    let host = server.repository.strip_suffix("/app").unwrap().to_owned();
    let (access, heard) = behind(format!("http://{host}/token")).await;
    let repository = Repository::to_read(access, &FixedClock).unwrap();
    assert_eq!(repository.manifest("v1").await.unwrap(), Some(manifest(1)));
    assert_eq!(count(&asked, "GET /token?service=r&scope=repository%3Aapp%3Apull Basic QVdTOnNlY3JldA=="), 3);
    assert!(heard.lock().unwrap().iter().all(|h| !h.contains("Basic")), "the password is for the token server alone");

    // At a manifest, by tag and by digest.
    for reference in ["v1".to_owned(), manifest(1).digest.to_string()] {
        let again = fault.clone();
        let (access, _) =
            scripted(move |_, before| if before.len() < 3 { again.clone() } else { content(&manifest(1)) }).await;
        let repository = Repository::to_read(access, &FixedClock).unwrap();
        assert_eq!(repository.manifest(&reference).await.unwrap(), Some(manifest(1)));
    }

    // At a layer that is copied.
    let again = fault.clone();
    let (source, _) = scripted(move |asked, before| {
        let headers = vec![("content-type", "application/octet-stream".to_owned()), ("content-length", "8".to_owned())];
        let gets = before.iter().filter(|h| h.starts_with("GET")).count();
        if asked.starts_with("GET") && gets < 2 {
            again.clone()
        } else {
            (200, headers, Bytes::from_static(b"original"))
        }
    })
    .await;
    let (target, _) = scripted(|asked, _| match asked.split(' ').next() {
        Some("POST") => (202, vec![("location", "/v2/app/blobs/uploads/1".into())], Bytes::new()),
        _ => plain(201),
    })
    .await;
    let from = Repository::to_read(source, &FixedClock).unwrap();
    let to = Repository::to_write(target, &FixedClock, &Fence::open()).unwrap();
    assert_eq!(to.take_blob(&layer(b"original", 8), &from).await, Ok(()));

    // At every step of an upload, and at the manifest after it.
    for disturbed in ["HEAD", "POST", "PUT /v2/app/blobs", "PUT /v2/app/manifests"] {
        let again = fault.clone();
        let (access, _) = scripted(move |asked, before| {
            let seen = before.iter().filter(|h| h.starts_with(disturbed)).count();
            match asked.split(' ').next() {
                _ if asked.starts_with(disturbed) && seen < 2 => again.clone(),
                Some("HEAD") => plain(404),
                Some("POST") => (202, vec![("location", "/v2/app/blobs/uploads/1?state=x".into())], Bytes::new()),
                _ => plain(201),
            }
        })
        .await;
        let repository = Repository::to_write(access, &FixedClock, &Fence::open()).unwrap();
        repository.has_blob(&Digest::of(b"x"), 1).await.unwrap();
        assert_eq!(repository.put_bytes(&Bytes::from_static(b"x")).await, Ok(Digest::of(b"x")), "{disturbed}");
        assert_eq!(repository.put_manifest(&manifest(1)).await, Ok(()), "{disturbed}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_the_registrys_counts_as_none() {
    for (status, code) in [(200, "200"), (401, "401"), (404, "404")] {
        let (access, _) = scripted(move |_, _| page(status)).await;
        let repository = Repository::to_write(access, &FixedClock, &Fence::open()).unwrap();
        let fault = repository.manifest("v1").await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unreachable);
        assert_eq!(fault.said.unwrap(), format!("HTTP {code} (text/html)"));
        assert_eq!(repository.put_manifest(&manifest(1)).await.unwrap_err().kind(), FaultKind::Unreachable);
        assert!(!repository.has_blob(&Digest::of(b"x"), 1).await.unwrap());
    }
}

#[tokio::test]
async fn a_login_that_the_registry_refuses_is_refused_at_once() {
    let (access, heard) =
        scripted(|_, _| (401, vec![("www-authenticate", "Basic realm=\"x\"".into())], Bytes::new())).await;
    let repository = Repository::to_read(access.clone(), &FixedClock).unwrap();
    assert_eq!(repository.manifest("v1").await.unwrap_err().kind(), FaultKind::AccessDenied);
    assert_eq!(count(&heard, "GET"), 2, "without and with the login");
    let repository = Repository::to_read(Access { login: None, ..access }, &FixedClock).unwrap();
    assert_eq!(repository.manifest("v1").await.unwrap_err().kind(), FaultKind::AccessDenied);
    assert_eq!(count(&heard, "GET"), 3);
    let (server, _) = scripted(|_, _| (401, vec![], Bytes::from_static(br#"{"details":"wrong password"}"#))).await;
    let host = server.repository.strip_suffix("/app").unwrap().to_owned();
    let (access, _) = behind(format!("http://{host}/token")).await;
    let repository = Repository::to_read(access, &FixedClock).unwrap();
    let fault = repository.manifest("v1").await.unwrap_err();
    assert!(fault.kind() == FaultKind::AccessDenied && fault.said.unwrap().contains("wrong password"));
}

#[tokio::test]
async fn every_refusal_says_which_login_was_used() {
    let refuses = || scripted(|_, _| (403, vec![], Bytes::from_static(br#"{"errors":[{"code":"DENIED"}]}"#)));
    let (from, to) = (refuses().await.0, refuses().await.0);
    let from = Access { login_from: Some(mine()), ..from };
    let (from, to) = (
        Repository::to_write(from, &FixedClock, &Fence::open()).unwrap(),
        Repository::to_write(to, &FixedClock, &Fence::open()).unwrap(),
    );
    let (blob, manifest) = (layer(b"x", 1), manifest(1));
    let says = |fault: Fault| {
        assert_eq!(fault.kind(), FaultKind::AccessDenied);
        login(fault) == Some(mine())
    };
    assert!(says(from.manifest("v1").await.unwrap_err()));
    assert!(says(from.document(&blob).await.unwrap_err()));
    assert!(says(from.put_bytes(&Bytes::from_static(b"x")).await.unwrap_err()));
    assert!(says(from.put_manifest(&manifest).await.unwrap_err()));
    assert!(says(from.tag(&manifest, "v1").await.unwrap_err()));
    assert!(says(to.take_blob(&blob, &from).await.unwrap_err()), "the source refuses");
    assert!(!says(to.manifest("v1").await.unwrap_err()), "that login is another registry's");
}

#[tokio::test]
async fn a_refusal_by_the_target_is_not_reported_as_the_sources() {
    let (from, _) = scripted(|_, _| (200, vec![], Bytes::from_static(b"x"))).await;
    let (to, _) = scripted(|_, _| (403, vec![], Bytes::from_static(br#"{"errors":[{"code":"DENIED"}]}"#))).await;
    let from = Access { login_from: Some(mine()), ..from };
    let to = Access { login_from: Some(none()), ..to };
    let (from, to) = (
        Repository::to_read(from, &FixedClock).unwrap(),
        Repository::to_write(to, &FixedClock, &Fence::open()).unwrap(),
    );
    let fault = to.take_blob(&layer(b"x", 1), &from).await.unwrap_err();
    assert_eq!(login(fault), Some(none()));
}

#[rstest]
#[case("http://auth.example/token")]
#[case("http://169.254.169.254/latest/api/token")]
#[case("/token")]
#[tokio::test]
async fn a_login_is_never_sent_to_a_realm_without_tls(#[case] realm: &str) {
    let (access, heard) = behind(realm.to_owned()).await;
    let repository = Repository::to_read(access, &FixedClock).unwrap();
    let fault = repository.manifest("v1").await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Invalid);
    assert!(matches!(unusable(fault), UnusableAnswer::TokenServer { .. }));
    assert_eq!(heard.lock().unwrap().len(), 1, "and is not tried again");
}

#[tokio::test]
async fn a_manifest_without_end_is_not_read_to_its_end() {
    let large = Bytes::from(vec![b' '; 5 * 1024 * 1024]);
    let (access, heard) = scripted(move |_, _| (200, vec![], large.clone())).await;
    let repository = Repository::to_read(access, &FixedClock).unwrap();
    let fault = repository.manifest("v1").await.unwrap_err();
    assert_eq!((fault.kind(), count(&heard, "GET")), (FaultKind::Invalid, 1));
    assert_eq!(unusable(fault), UnusableAnswer::TooLarge { limit: 4_194_304 });
    let fault = repository.document(&layer(b"x", 5 * 1024 * 1024)).await.unwrap_err();
    assert_eq!((fault.kind(), count(&heard, "GET")), (FaultKind::Invalid, 1), "nor is it asked for");
}

#[tokio::test]
async fn a_put_that_something_sends_twice_is_done() {
    let unknown = Bytes::from_static(br#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"no such upload"}]}"#);
    let (access, heard) = scripted(move |asked, before| match asked.split(' ').next() {
        Some("POST") => (202, vec![("location", "/v2/app/blobs/uploads/1".into())], Bytes::new()),
        Some("HEAD") if before.iter().any(|h| h.starts_with("PUT")) => {
            (200, vec![("docker-content-digest", Digest::of(b"x").to_string())], Bytes::new())
        }
        Some("PUT") => (404, vec![], unknown.clone()),
        _ => plain(404),
    })
    .await;
    let repository = Repository::to_write(access, &FixedClock, &Fence::open()).unwrap();
    assert_eq!(repository.put_bytes(&Bytes::from_static(b"x")).await, Ok(Digest::of(b"x")));
    assert_eq!(count(&heard, "PUT"), 1);
}

#[tokio::test]
async fn a_layer_of_another_size_than_its_manifest_says_is_reported_at_once() {
    let (source, _) = scripted(|_, _| {
        let headers = vec![("content-type", "application/octet-stream".to_owned()), ("content-length", "8".to_owned())];
        (200, headers, Bytes::from_static(b"original"))
    })
    .await;
    let (target, heard) = scripted(|_, _| plain(400)).await;
    let from = Repository::to_read(source, &FixedClock).unwrap();
    let to = Repository::to_write(target, &FixedClock, &Fence::open()).unwrap();
    for size in [7, 9] {
        let fault = to.take_blob(&layer(b"original", size), &from).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Invalid);
        assert_eq!(unusable(fault), UnusableAnswer::OtherSize { expected: size, found: 8 });
    }
    assert_eq!(heard.lock().unwrap().len(), 0, "nothing was sent");
}

/// A server that answers with these bytes, and then with one more now and then, without an end.
async fn trickling(head: &'static str) -> Access {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = Vec::new();
                while !asked.ends_with(b"\r\n\r\n") && stream.read_buf(&mut asked).await.is_ok_and(|n| n > 0) {}
                let _ = stream.write_all(head.as_bytes()).await;
                while stream.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
            });
        }
    });
    Access { repository: format!("{host}/app"), login: None, login_from: None, insecure: true }
}

/// What did not come in time.
fn awaited(fault: Fault) -> Option<Awaited> {
    match fault.problem {
        Problem::Registry(RegistryProblem::NoAnswer { silence: Silence::TimedOut { awaited, .. }, .. }) => {
            Some(awaited)
        }
        _ => None,
    }
}

#[rstest]
#[case::a_head("HTTP/1.1 200 OK\r\nx: ", Awaited::Answer)]
#[case::a_body("HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n", Awaited::TransferEnd)]
#[tokio::test]
async fn an_answer_that_trickles_is_ended(#[case] head: &'static str, #[case] missing: Awaited) {
    let mut repository = Repository::to_read(trickling(head).await, &FixedClock).unwrap();
    let short = std::time::Duration::from_millis(100);
    repository.wire.limits = Limits { answer: short, idle: short, grace: short, bytes_per_second: u64::MAX };
    let blob = layer(b"x", 4000);
    for fault in [repository.manifest("v1").await.unwrap_err(), repository.document(&blob).await.unwrap_err()] {
        assert_eq!((fault.kind(), awaited(fault)), (FaultKind::Unreachable, Some(missing)));
    }
    let read = repository.read_blob(&blob, |from| std::io::copy(from, &mut std::io::sink()).is_ok()).await;
    assert_eq!(awaited(read.unwrap_err()), Some(missing));
}

/// A server that begins an upload and never takes it.
#[tokio::test]
async fn an_upload_that_is_not_accepted_is_ended() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = Vec::new();
                while !asked.windows(4).any(|w| w == b"\r\n\r\n")
                    && stream.read_buf(&mut asked).await.is_ok_and(|n| n > 0)
                {}
                if asked.starts_with(b"POST") {
                    let begun = "HTTP/1.1 202 x\r\nlocation: /v2/app/blobs/uploads/1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                    let _ = stream.write_all(begun.as_bytes()).await;
                    return;
                }
                std::future::pending::<()>().await;
            });
        }
    });
    let access = Access { repository: format!("{host}/app"), login: None, login_from: None, insecure: true };
    let mut repository = Repository::to_write(access, &FixedClock, &Fence::open()).unwrap();
    let (short, long) = (std::time::Duration::from_millis(100), std::time::Duration::from_secs(600));
    repository.wire.limits = Limits { answer: long, idle: short, grace: long, bytes_per_second: 1 };
    let fault = repository.put_bytes(&Bytes::from(vec![b'x'; 1 << 20])).await.unwrap_err();
    assert_eq!(awaited(fault), Some(Awaited::UploadProgress));
}

#[tokio::test]
async fn a_write_of_a_process_without_its_lease_is_not_sent_at_any_attempt() {
    let lost = Fault::from(OwnProblem::StoodStill { why: NotSent::Asleep, because: None });
    // Lost before the first attempt, and between two.
    for held_for in [0, 1] {
        let (access, heard) = scripted(|asked, _| match asked.split(' ').next() {
            Some("GET" | "HEAD") => plain(404),
            _ => plain(429),
        })
        .await;
        let writes: [&str; 3] = ["PUT /v2/app/manifests/v1", "PUT /v2/app/manifests/sha256", "POST"];
        for write in writes {
            let (fence, word) = (Fence::open(), lost.clone());
            let asked = std::sync::atomic::AtomicUsize::new(0);
            fence.set(std::sync::Arc::new(move || {
                match asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < held_for {
                    true => Ok(()),
                    false => Err(word.clone()),
                }
            }));
            let repository = Repository::to_write(access.clone(), &FixedClock, &fence).unwrap();
            assert_eq!(repository.manifest("v1").await, Ok(None), "reading needs no lease");
            let done = match write {
                "POST" => repository.put_bytes(&Bytes::from_static(b"x")).await.map(drop),
                _ if write.ends_with("v1") => repository.tag(&manifest(1), "v1").await,
                _ => repository.put_manifest(&manifest(1)).await,
            };
            assert_eq!((done, count(&heard, write)), (Err(lost.clone()), held_for), "{write}");
        }
    }
}

#[rstest]
#[case::to_plain_http_elsewhere("http://169.254.169.254/", RedirectRefusal::Address(AddressRefusal::NotEncrypted { address: "http://169.254.169.254/".into() }))]
#[case::in_a_circle("/v2/app/manifests/v1", RedirectRefusal::TooMany { limit: 5 })]
#[tokio::test]
async fn a_redirect_that_is_not_followed_is_reported_with_its_reason(
    #[case] to: &'static str,
    #[case] refusal: RedirectRefusal,
) {
    let (access, _) = scripted(move |_, _| (307, vec![("location", to.to_owned())], Bytes::new())).await;
    let fault = Repository::to_read(access, &FixedClock).unwrap().manifest("v1").await.unwrap_err();
    assert_eq!(fault.said, None);
    match fault.problem {
        Problem::Registry(RegistryProblem::NoAnswer { silence, .. }) => {
            assert_eq!(silence, Silence::Redirect(refusal));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refusal_of_the_token_server_names_it() {
    let (server, _) = scripted(|_, _| (401, vec![], Bytes::from_static(br#"{"message":"bad password"}"#))).await;
    let realm = format!("http://{}/token", server.repository.strip_suffix("/app").unwrap());
    let (access, _) = behind(realm.clone()).await;
    let fault = Repository::to_read(access, &FixedClock).unwrap().manifest("v1").await.unwrap_err();
    assert_eq!(fault.said.as_deref(), Some("HTTP 401: bad password"));
    match fault.problem {
        Problem::Registry(RegistryProblem::Denied { token_server, .. }) => assert_eq!(token_server, Some(realm)),
        other => panic!("{other:?}"),
    }
}
