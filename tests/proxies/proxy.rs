//! The proxy: reads a whole request, and forwards it or answers with a fault.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::fault::{Fault, To, answer, pick};
use crate::races::random::Random;

pub struct Proxy {
    shared: Arc<Shared>,
}

struct Shared {
    target: String,
    /// Of a thousand requests, how many meet a fault.
    odds: u64,
    random: Mutex<Random>,
    met: Mutex<BTreeMap<(To, Fault), u32>>,
}

impl Proxy {
    /// Serves until the process ends.
    pub fn start(listener: TcpListener, target: String, odds: u64, seed: u64) -> Proxy {
        let shared = Arc::new(Shared { target, odds, random: Mutex::new(Random::new(seed)), met: Mutex::default() });
        let serving = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let shared = serving.clone();
                std::thread::spawn(move || {
                    // A client that disconnects ends only its connection.
                    let _ = shared.connection(stream);
                });
            }
        });
        Proxy { shared }
    }

    /// How often each fault was met, by the kind of request.
    pub fn met(&self) -> BTreeMap<(To, Fault), u32> {
        self.shared.met.lock().unwrap().clone()
    }
}

/// A request or an answer, unchanged.
struct Message {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Shared {
    fn connection(&self, stream: TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut from = BufReader::new(stream.try_clone()?);
        let mut to = stream;
        while let Some(request) = message(&mut from, false)? {
            let head = String::from_utf8_lossy(&request.head).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default();
            let (kind, is_sts) = (To::of(path), head.contains("/sts/aws4_request"));
            let fault = pick(&mut self.random.lock().unwrap(), self.odds);
            let Some(fault) = fault else {
                send(&mut to, &self.ask(&request)?)?;
                continue;
            };
            *self.met.lock().unwrap().entry((kind, fault)).or_default() += 1;
            let mut passed_on = None;
            match fault {
                Fault::ResetBefore | Fault::Throttled | Fault::Page(_) | Fault::Refusal(_) | Fault::Empty => {}
                Fault::ResetAfter | Fault::Cut | Fault::PageAfter(_) => passed_on = Some(self.ask(&request)?),
                Fault::Doubled => {
                    self.ask(&request)?;
                    passed_on = Some(self.ask(&request)?);
                }
                Fault::DoubledFirst => {
                    passed_on = Some(self.ask(&request)?);
                    self.ask(&request)?;
                }
            }
            match (fault, passed_on) {
                // Closed with unread or unsent bytes: the client gets no answer.
                (Fault::ResetBefore | Fault::ResetAfter, _) => return Ok(()),
                (Fault::Cut, Some(answer)) => {
                    to.write_all(&answer.head)?;
                    return to.write_all(&answer.body[..answer.body.len() / 2]);
                }
                (Fault::Doubled | Fault::DoubledFirst, Some(answer)) => send(&mut to, &answer)?,
                (fault, _) => {
                    let whole = answer(fault, kind, is_sts).expect("every other fault has an answer");
                    // The answer to HEAD never has a body.
                    let end = whole.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
                    let shown = if head.starts_with("HEAD ") { &whole[..end] } else { &whole[..] };
                    to.write_all(shown)?;
                }
            }
        }
        Ok(())
    }

    fn ask(&self, request: &Message) -> Result<Message> {
        let mut stream = TcpStream::connect(&self.target)?;
        stream.set_nodelay(true)?;
        send(&mut stream, request)?;
        let answer = message(&mut BufReader::new(stream), request.head.starts_with(b"HEAD "))?;
        answer.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))
    }
}

fn send(to: &mut TcpStream, message: &Message) -> Result<()> {
    to.write_all(&[message.head.as_slice(), &message.body].concat())
}

/// `None` if the other side has closed the connection.
fn message(from: &mut impl BufRead, bodiless: bool) -> Result<Option<Message>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if from.read_until(b'\n', &mut head)? == 0 {
            return Ok(None);
        }
    }
    let text = String::from_utf8_lossy(&head).to_lowercase();
    let header = |name: &str| text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let status: u16 = text.strip_prefix("http/1.1 ").and_then(|t| t.get(..3)?.parse().ok()).unwrap_or(200);
    let mut body = Vec::new();
    if bodiless || matches!(status, 204 | 304) {
    } else if header("transfer-encoding").is_some_and(|te| te.contains("chunked")) {
        loop {
            let mut line = Vec::new();
            from.read_until(b'\n', &mut line)?;
            let size = String::from_utf8_lossy(&line).trim().split(';').next().unwrap_or_default().to_owned();
            let size = u64::from_str_radix(&size, 16).map_err(Error::other)?;
            body.extend_from_slice(&line);
            from.take(size + 2).read_to_end(&mut body)?;
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = header("content-length").and_then(|l| l.parse().ok()) {
        from.take(length).read_to_end(&mut body)?;
    }
    Ok(Some(Message { head, body }))
}
