//! The world on a socket, with the real clock.

use std::convert::Infallible;
use std::io;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};

use super::connector::SharedWorld;
use super::faults::Disturbance;

/// The largest body taken, for blobs that are pushed at once.
const LARGEST_BODY: usize = 1 << 30;

/// How long to wait after a failed accept (no file handles left).
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Serves the world until the future is dropped. ECR names the listener's address as its registry.
///
/// # Errors
/// Where the listener has no address.
pub async fn serve(listener: TcpListener, world: SharedWorld) -> io::Result<Infallible> {
    let host = listener.local_addr()?.to_string();
    serve_as(listener, world, &host).await
}

/// The same, where clients reach the listener at another address, such as a proxy's, which ECR names as its registry.
///
/// # Errors
/// None by itself.
pub async fn serve_as(listener: TcpListener, world: SharedWorld, host: &str) -> io::Result<Infallible> {
    world.lock().unwrap_or_else(PoisonError::into_inner).set_registry_host(host);
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
    // A client that disconnects, or an ordered reset, ends the connection and nothing else.
    let _ = server.serve_connection(TokioIo::new(stream), answering).await;
}

async fn answer(request: Request<Incoming>, world: SharedWorld) -> Result<Response<Full<Bytes>>, io::Error> {
    let (parts, body) = request.into_parts();
    let body = match taken(body, LARGEST_BODY).await {
        Ok(body) => body,
        Err((status, why)) => return Ok(refused(status, &why)),
    };
    let request = Request::from_parts(parts, body);
    // Hashing a large blob takes a while; other connections continue meanwhile.
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

/// A body's bytes; or the status that it is refused with, and why: one that is too large, also by its Content-Length, and one that breaks off.
async fn taken<B>(body: B, largest: usize) -> Result<Bytes, (StatusCode, String)>
where
    B: Body<Data = Bytes>,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let too_large = || (StatusCode::PAYLOAD_TOO_LARGE, format!("a body is at most {largest} bytes"));
    if body.size_hint().lower() > largest as u64 {
        return Err(too_large());
    }
    match Limited::new(body, largest).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(e) if e.is::<LengthLimitError>() => Err(too_large()),
        Err(e) => Err((StatusCode::BAD_REQUEST, e.to_string())),
    }
}

fn refused(status: StatusCode, why: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(why.to_owned())));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Poll};

    use hyper::body::Frame;

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

    /// A body that comes in pieces of these sizes and does not say how large it is.
    struct Frames(Vec<usize>);

    impl Body for Frames {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            Poll::Ready(self.0.pop().map(|size| Ok(Frame::data(Bytes::from(vec![7; size])))))
        }
    }

    /// The status line that these bytes of a client get.
    async fn shown(host: &str, said: &str) -> String {
        use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await.unwrap();
        line.trim_end().to_owned()
    }

    #[tokio::test]
    async fn a_body_that_breaks_is_the_clients_fault_and_one_that_is_too_large_is_refused() {
        let (world, host, _) = served().await;
        let chunked = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
        assert_eq!(shown(&host, &format!("{chunked}no length\r\n")).await, "HTTP/1.1 400 Bad Request");
        let large = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", LARGEST_BODY + 1);
        assert_eq!(shown(&host, &large).await, "HTTP/1.1 413 Payload Too Large");
        assert!(world.lock().unwrap().log().is_empty());

        assert_eq!(taken(Frames(vec![2, 3]), 5).await.unwrap().len(), 5);
        assert_eq!(taken(Frames(vec![2, 4]), 5).await.unwrap_err().0, StatusCode::PAYLOAD_TOO_LARGE);
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
