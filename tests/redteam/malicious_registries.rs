//! Attacks by a malicious registry that somebody names with `--image`: it redirects the login to another server, or sends an endless
//! manifest. Neither depends on who may change production.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::world::{Topology, World};

/// What a server received: request lines, each with its authorization.
type Heard = Arc<Mutex<Vec<String>>>;

/// Answers every request on a free port of this machine.
fn serve(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> (String, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let (heard, answer) = (Heard::default(), Arc::new(answer));
    let log = heard.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, log, answer) = (stream.unwrap(), log.clone(), answer.clone());
            std::thread::spawn(move || {
                let mut asked = String::new();
                for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                    let Ok(line) = line else { return };
                    if asked.is_empty() {
                        asked.clone_from(&line);
                    }
                    if line.to_ascii_lowercase().starts_with("authorization: ") {
                        asked = format!("{asked} {}", &line["authorization: ".len()..]);
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                log.lock().unwrap().push(asked.clone());
                answer(&asked, &mut stream);
            });
        }
    });
    (host, heard)
}

fn send(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let length = body.len();
    let _ = write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
}

/// A registry that requires a token of this realm, and has no images.
fn with_realm(realm: String) -> (String, Heard) {
    serve(move |asked, stream| match asked.contains("Bearer abc") {
        true => send(stream, "404 Not Found", "docker-distribution-api-version: registry/2.0\r\n", ""),
        false => send(stream, "401 Unauthorized", &format!("www-authenticate: Bearer realm=\"{realm}\"\r\n"), ""),
    })
}

#[test]
fn a_login_is_not_sent_without_tls_to_a_server_that_a_registry_names() {
    let world = World::new(Topology::Direct);
    let (token_server, given) = serve(|_, stream| send(stream, "200 OK", "", "{\"token\":\"abc\"}"));
    let released = |realm: &str| {
        let (host, heard) = with_realm(realm.to_owned());
        let config = tempfile::tempdir().unwrap();
        // somebody:secret
        let auths = format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"c29tZWJvZHk6c2VjcmV0\"}}}}}}");
        std::fs::write(config.path().join("config.json"), auths).unwrap();
        let mut developer = world.developer();
        developer.keys.push(("DOCKER_CONFIG".to_owned(), config.path().to_str().unwrap().to_owned()));
        let ran =
            developer.run(&["release", "--until", "staging", "--image", &format!("app={host}/evil:v1")]).ended(40);
        let sent = heard.lock().unwrap().iter().any(|h| h.contains("Basic"));
        assert!(!sent, "the password was sent to a registry that requires a token");
        format!("{}{}", ran.out, ran.err).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for realm in ["http://198.51.100.7/token", "http://169.254.169.254/latest/api/token", "http://metadata/token"] {
        let said = released(realm);
        assert!(said.contains("no login was sent"), "{said}");
    }
    assert!(given.lock().unwrap().is_empty());
    // The control: a token server of this machine gets the login, as the registry of this machine would.
    let said = released(&format!("http://{token_server}/token"));
    assert!(said.contains("there is no image"), "{said}");
    assert!(given.lock().unwrap().iter().all(|asked| asked.ends_with("Basic c29tZWJvZHk6c2VjcmV0")));
    assert!(!given.lock().unwrap().is_empty());
}

#[test]
fn an_endless_manifest_is_not_read_to_the_end() {
    let world = World::new(Topology::Direct);
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let (host, _) = serve(move |_, stream| {
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        while stream.write_all(&[b' '; 64 * 1024]).is_ok() {
            count.fetch_add(64 * 1024, Ordering::Relaxed);
        }
    });
    let given = format!("app={host}/evil:v1");
    let ran = world.developer().run(&["release", "--until", "staging", "--image", &given]).ended(40);
    let said = format!("{}{}", ran.out, ran.err).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("larger than 4194304 bytes"), "{said}");
    // Buffers of this machine add to this.
    assert!(sent.load(Ordering::Relaxed) < 64 * 1024 * 1024, "{} bytes were taken", sent.load(Ordering::Relaxed));
}
