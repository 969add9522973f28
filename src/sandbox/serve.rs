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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::sandbox::faults::{Fault, Kind};
    use crate::sandbox::latency::Latency;
    use crate::sandbox::{Seed, World};

    /// A served world, its address, and a client that keeps its connections.
    async fn served() -> (SharedWorld, String, reqwest::Client) {
        let world = World::new(&Seed::demo(), Latency::REAL, Timestamp::now()).unwrap();
        let world: SharedWorld = Arc::new(Mutex::new(world));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(serve(listener, world.clone()));
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        (world, host, client)
    }

    fn token(world: &SharedWorld) -> String {
        let mut world = world.lock().unwrap();
        let caller = world.directory_mut().key("AKIASANDBOXDEVELOPER").unwrap().caller.clone();
        let now = Timestamp::now();
        world.ecr_mut().issue_token(&caller, now).0
    }

    #[tokio::test]
    async fn the_served_registry_names_its_own_address_and_answers_head_with_lengths() {
        let (world, host, client) = served().await;
        let refused = client.get(format!("http://{host}/v2/")).send().await.unwrap();
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap().to_owned();
        assert_eq!((refused.status().as_u16(), challenge.contains(&format!("http://{host}/"))), (401, true));
        let authorization = format!("Basic {}", token(&world));
        let blob = vec![7_u8; 3 << 20];
        let digest = crate::model::ids::Digest::of(&blob);
        let path = format!("http://{host}/v2/111111111111.ap-northeast-1/asset-manager/blobs");
        let post = client.post(format!("{path}/uploads/?digest={digest}")).header("authorization", &authorization);
        assert_eq!(post.body(blob.clone()).send().await.unwrap().status(), 201);
        for _ in 0..2 {
            let head =
                client.head(format!("{path}/{digest}")).header("authorization", &authorization).send().await.unwrap();
            assert_eq!(head.headers()["content-length"], blob.len().to_string());
        }
        let got = client.get(format!("{path}/{digest}")).header("authorization", &authorization).send().await.unwrap();
        assert_eq!(got.bytes().await.unwrap(), blob);
    }

    #[tokio::test]
    async fn an_ordered_reset_breaks_one_connection_and_no_other() {
        let (world, host, client) = served().await;
        let authorization = format!("Basic {}", token(&world));
        let fault = Fault::next("ListImages", 1, Kind::ResetAfter);
        world.lock().unwrap().order_fault(fault);
        let url = format!("http://{host}/v2/111111111111.ap-northeast-1/asset-manager/tags/list");
        let list = || client.get(&url).header("authorization", &authorization).send();
        let broken = list().await.unwrap_err();
        assert!(!broken.is_timeout(), "{broken}");
        assert_eq!(list().await.unwrap().status(), 200);
        assert_eq!(world.lock().unwrap().log().len(), 2);
    }
}
