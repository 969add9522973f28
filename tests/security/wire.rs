//! A recording proxy between kanmon and AWS, which collects the secrets that AWS creates.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::leaks::Secrets;

/// Forwards every connection to `host`, and records what comes back.
pub struct RecordingProxy {
    pub host: String,
    answers: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl RecordingProxy {
    pub fn to(host: &str) -> RecordingProxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap().to_string();
        let answers: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let (there, heard) = (host.to_owned(), answers.clone());
        // Ends with the test's process, which alone holds the port.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(&there) else { continue };
                let (client_in, server_out) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || pass(client_in, server_out, |_| {}));
                let heard = heard.clone();
                std::thread::spawn(move || {
                    let mut said = Vec::new();
                    let at = {
                        let mut all = heard.lock().unwrap();
                        all.push(Vec::new());
                        all.len() - 1
                    };
                    pass(server, client, |bytes| {
                        said.extend_from_slice(bytes);
                        heard.lock().unwrap()[at].clone_from(&said);
                    });
                });
            }
        });
        RecordingProxy { host: here, answers }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.host)
    }

    /// Adds the keys and tokens in the answers of STS and ECR; returns how many of each kind.
    pub fn add_to(&self, secrets: &mut Secrets) -> [usize; 3] {
        let mut counts = [0; 3];
        for answer in self.answers.lock().unwrap().iter() {
            let text = String::from_utf8_lossy(answer);
            for value in between(&text, "<SecretAccessKey>", "</SecretAccessKey>") {
                counts[0] += 1;
                secrets.add(format!("secret key {} of a session", counts[0]), value);
            }
            for value in between(&text, "<SessionToken>", "</SessionToken>") {
                counts[1] += 1;
                secrets.add(format!("session token {}", counts[1]), value);
            }
            for value in between(&text, "\"authorizationToken\":\"", "\"") {
                counts[2] += 1;
                let login = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
                let (user, password) = login.split_once(':').unwrap();
                secrets.add_login(format!("registry password {}", counts[2]), user, password);
            }
        }
        counts
    }
}

fn between<'t>(text: &'t str, start: &'t str, end: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(start).skip(1).filter_map(move |rest| rest.split(end).next())
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut hear: impl FnMut(&[u8])) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        hear(&buffer[..n]);
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
