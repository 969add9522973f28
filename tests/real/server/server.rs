//! Answers every request with the version that it was built as. Needs nothing but the kernel, so that its image is `FROM scratch`.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::exit;
use std::thread::sleep;
use std::time::Duration;

const SIGTERM: i32 = 15;

unsafe extern "C" {
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
    fn _exit(code: i32) -> !;
}

extern "C" fn stop(_: i32) {
    unsafe { _exit(0) }
}

/// On the host's network, what it replaces may still be about to leave the port.
fn listen(address: &str) -> TcpListener {
    for _ in 0..100 {
        if let Ok(listener) = TcpListener::bind(address) {
            return listener;
        }
        sleep(Duration::from_millis(100));
    }
    TcpListener::bind(address).expect("the port is free")
}

fn main() {
    let setting = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let code = |name: &str| setting(name, "").parse().ok();
    let version = setting("VERSION", "unknown");
    if std::env::args().nth(1).as_deref() == Some("migrate") {
        println!("version {version} migrates");
        exit(code("MIGRATION").unwrap_or(0));
    }
    // Built to fail: it ends as soon as it has started.
    if let Some(code) = code("EXITS") {
        println!("version {version} cannot go on");
        exit(code);
    }
    // Asked to stop, it stops: a container's first process is not ended by a signal that it does not handle.
    unsafe { signal(SIGTERM, stop) };
    let listener = listen(&format!("0.0.0.0:{}", setting("PORT", "8080")));
    println!("version {version} listens on {:?}", listener.local_addr());
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        // A request's first bytes are enough: everything gets the same answer.
        let _ = stream.read(&mut [0; 4096]);
        let _ = write!(stream, "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{version}", version.len());
    }
}
