//! Answers every request with the version that it was built as. Needs nothing but the kernel, so that its image is `FROM scratch`.

use std::io::{Read, Write};
use std::net::TcpListener;

fn main() {
    let setting = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let version = setting("VERSION", "unknown");
    let listener = TcpListener::bind(format!("0.0.0.0:{}", setting("PORT", "8080"))).expect("the port is free");
    println!("version {version} listens on {:?}", listener.local_addr());
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        // A request's first bytes are enough: everything gets the same answer.
        let _ = stream.read(&mut [0; 4096]);
        let _ = write!(stream, "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{version}", version.len());
    }
}
