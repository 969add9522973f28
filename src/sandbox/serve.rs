//! The world on a socket, with the real clock.

use std::convert::Infallible;
use std::io;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};

use super::connector::SharedWorld;
use super::faults::Disturbance;

/// The largest body taken, for blobs that are pushed at once.
const LARGEST_BODY: usize = 1 << 30;

/// After a failed accept (no file handles left), how long until the next.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Serves the world until the future is dropped. ECR names the listener's address as its registry.
///
/// # Errors
/// Where the listener has no address.
pub async fn serve(listener: TcpListener, world: SharedWorld) -> io::Result<Infallible> {
    let host = listener.local_addr()?.to_string();
    world.lock().unwrap_or_else(PoisonError::into_inner).set_registry_host(&host);
    let mut connections = tokio::task::JoinSet::new();
    loop {
        match listener.accept().await {
            // Connections end with the server: the set aborts them when it is dropped.
            Ok((stream, _)) => drop(connections.spawn(connection(stream, world.clone()))),
            Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, world: SharedWorld) {
    // Answers are small and clients wait for them.
    let _ = stream.set_nodelay(true);
    let answering = service_fn(move |request| answer(request, world.clone()));
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new());
    // A client that goes away, or an ordered reset, ends the connection and nothing else.
    let _ = server.serve_connection(TokioIo::new(stream), answering).await;
}

async fn answer(request: Request<Incoming>, world: SharedWorld) -> Result<Response<Full<Bytes>>, io::Error> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(e) => return Ok(refused(&e.to_string())),
    };
    let request = Request::from_parts(parts, body);
    // Hashing a large blob takes a while; other connections' I/O goes on meanwhile.
    let handled = tokio::task::spawn_blocking(move || {
        world.lock().unwrap_or_else(PoisonError::into_inner).handle(Timestamp::now(), request)
    });
    let response = handled.await.map_err(io::Error::other)?;
    match response.extensions().get::<Disturbance>() {
        Some(Disturbance::Reset) => return Err(io::Error::new(io::ErrorKind::ConnectionReset, "ordered")),
        Some(Disturbance::Delay(milliseconds)) => tokio::time::sleep(Duration::from_millis(*milliseconds)).await,
        None => {}
    }
    Ok(response.map(Full::new))
}

fn refused(why: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(why.to_owned())));
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response
}
