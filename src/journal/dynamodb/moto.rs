//! A DynamoDB that others wrote: moto, on loopback, for as long as a test takes. Also used by the tests that look from outside.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A second on a quiet machine; Python starts slowly on a busy one.
const START: Duration = Duration::from_secs(60);

/// How much of a call the proxy delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The request and its answer.
    Whole,
    /// The request, but not its answer.
    AnswerLost,
    /// Not even the request.
    NotSent,
}

#[derive(Default)]
struct Proxy {
    /// How the next calls of an operation are delivered.
    next: Vec<(String, Delivery)>,
    /// Operations and bodies, as they arrived.
    asked: Vec<(String, String)>,
}

pub struct Moto {
    process: Child,
    /// Every request goes through it.
    proxy: Arc<Mutex<Proxy>>,
    ends: Arc<AtomicBool>,
    address: SocketAddr,
}

impl Moto {
    /// Starts one. `None` where moto is not installed: then the test is left out, aloud.
    ///
    /// # Panics
    /// Where it is missing and `KANMON_PEERS=required`, and where it does not start.
    pub fn start(test: &str) -> Option<Moto> {
        let Some(program) = find("moto_server") else {
            let required = std::env::var("KANMON_PEERS").is_ok_and(|v| v == "required");
            assert!(!required, "{test}: no moto_server, and KANMON_PEERS=required");
            // Past the test harness, which keeps what passing tests print to itself.
            let _ = std::io::stderr().write_all(format!("left out: {test} (no moto_server)\n").as_bytes());
            return None;
        };
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port of loopback");
        let behind = free.local_addr().expect("it is bound");
        drop(free);
        let mut process = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &behind.port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto_server is a program");
        let until = Instant::now() + START;
        while TcpStream::connect(behind).is_err() {
            let ended = process.try_wait().expect("it is a child of ours");
            assert!(ended.is_none() && Instant::now() < until, "{test}: moto_server did not start ({ended:?})");
            std::thread::sleep(Duration::from_millis(50));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port of loopback");
        let address = listener.local_addr().expect("it is bound");
        let (proxy, ends) = (Arc::<Mutex<Proxy>>::default(), Arc::<AtomicBool>::default());
        let (shared, over) = (proxy.clone(), ends.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let proxy = shared.clone();
                // A client that goes away in the middle is no trouble of ours.
                std::thread::spawn(move || drop(pass(client, behind, &proxy)));
            }
        });
        Some(Moto { process, proxy, ends, address })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What happens to the next calls of an operation, one after the other.
    pub fn next(&self, operation: &str, deliveries: &[Delivery]) {
        let next = deliveries.iter().map(|delivery| (operation.to_owned(), *delivery));
        self.proxy.lock().expect("nothing panics while it holds the proxy").next.extend(next);
    }

    /// Whether everything that was to happen to calls has happened.
    pub fn is_clear(&self) -> bool {
        self.proxy.lock().expect("nothing panics while it holds the proxy").next.is_empty()
    }

    /// The operations and bodies that arrived since this was last called.
    pub fn asked(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.proxy.lock().expect("nothing panics while it holds the proxy").asked)
    }

    /// A table of this form.
    pub fn create_table(&self, name: &str, partition: &str, sort: &str) {
        let body = format!(
            r#"{{"TableName":"{name}","BillingMode":"PAY_PER_REQUEST",
            "AttributeDefinitions":[{{"AttributeName":"{partition}","AttributeType":"S"}},{{"AttributeName":"{sort}","AttributeType":"S"}}],
            "KeySchema":[{{"AttributeName":"{partition}","KeyType":"HASH"}},{{"AttributeName":"{sort}","KeyType":"RANGE"}}]}}"#
        );
        let answer = self.call("CreateTable", &body);
        assert!(answer.contains("TableDescription"), "{answer}");
    }

    /// A call without the SDK, in ap-northeast-1; the answer as it is on the wire.
    pub fn call(&self, operation: &str, body: &str) -> String {
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-amz-json-1.0\r\nx-amz-target: DynamoDB_20120810.{operation}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=TEST/20260101/ap-northeast-1/dynamodb/aws4_request, SignedHeaders=host, \
             Signature=0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).expect("moto listens");
        stream.write_all(request.as_bytes()).expect("moto reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("moto answers with text");
        answer
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|d| d.join(program)).find(|p| p.is_file())
}

/// Carries one request and its answer. One at a time: moto puts a copy of the whole table back where a transaction fails, and
/// would undo what others wrote meanwhile; DynamoDB isolates transactions.
fn pass(mut client: TcpStream, behind: SocketAddr, proxy: &Mutex<Proxy>) -> std::io::Result<()> {
    let request = read_request(&mut client)?;
    let text = String::from_utf8_lossy(&request);
    let operation = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-amz-target")
            .then(|| value.trim().rsplit('.').next().unwrap_or_default().to_owned())
    });
    let operation = operation.unwrap_or_default();
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    let mut answer = Vec::new();
    {
        let mut proxy = proxy.lock().map_err(|_| std::io::Error::other("the test has failed"))?;
        let next = proxy.next.iter().position(|(of, _)| *of == operation);
        let delivery = next.map(|at| proxy.next.remove(at).1);
        if delivery == Some(Delivery::NotSent) {
            return client.shutdown(Shutdown::Both);
        }
        proxy.asked.push((operation, body));
        let mut server = TcpStream::connect(behind)?;
        server.write_all(&request)?;
        read_answer(&mut server, &mut answer)?;
        if delivery == Some(Delivery::AnswerLost) {
            return client.shutdown(Shutdown::Both);
        }
    }
    write_down(&request, &answer);
    client.write_all(&answer)?;
    client.shutdown(Shutdown::Both)
}

/// Writes an exchange where `tests/run contract` judges it, in the form of the sandbox's traffic.
fn write_down(request: &[u8], answer: &[u8]) {
    let Some(folder) = std::env::var_os("KANMON_TRAFFIC").map(PathBuf::from) else { return };
    let message = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            let name = name.to_lowercase();
            let is_recorded =
                ["content-type", "user-agent", "x-amz-target", "x-amzn-requestid"].contains(&name.as_str());
            is_recorded.then(|| (name, value.trim().to_owned()))
        };
        let headers: BTreeMap<String, String> = head.lines().skip(1).filter_map(header).collect();
        let first: Vec<String> = head.lines().next().unwrap_or_default().split(' ').map(str::to_owned).collect();
        (serde_json::json!({"headers": headers, "text": body}), first)
    };
    let ((mut asked, verb), (mut answered, status)) = (message(request), message(answer));
    asked["method"] = verb[0].as_str().into();
    asked["uri"] = "/".into();
    answered["status"] = status.get(1).and_then(|s| s.parse::<u16>().ok()).into();
    let line = serde_json::json!({"peer": "moto", "request": asked, "response": answered});
    let file = folder.join(format!("dynamodb-{}.jsonl", std::process::id()));
    let file = std::fs::OpenOptions::new().create(true).append(true).open(file);
    file.and_then(|mut f| f.write_all(format!("{line}\n").as_bytes())).expect("a file for traffic");
}

fn read_request(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if let Some(end) = find_bytes(&request, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
            let length = head.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            if request.len() >= end + 4 + length.unwrap_or(0) {
                return Ok(close_after(&request, end));
            }
        }
        let mut some = [0; 65536];
        match client.read(&mut some)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            n => request.extend_from_slice(&some[..n]),
        }
    }
}

/// The same request, after which the server closes the connection, so that the answer's end is seen.
fn close_after(request: &[u8], end: usize) -> Vec<u8> {
    let mut out = request[..end].to_vec();
    out.extend_from_slice(b"\r\nconnection: close");
    out.extend_from_slice(&request[end..]);
    out
}

fn read_answer(server: &mut TcpStream, answer: &mut Vec<u8>) -> std::io::Result<()> {
    match server.read_to_end(answer) {
        Err(e) if e.kind() == ErrorKind::ConnectionReset && !answer.is_empty() => Ok(()),
        other => other.map(drop),
    }
}

fn find_bytes(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|w| w == wanted)
}
