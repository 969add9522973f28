//! Bytes that are read as they are sent.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame};
use tokio::io::{AsyncRead, ReadBuf};

use super::limits::Sent;

/// Large enough that system calls do not matter, small enough that several uploads at once do not either.
const CHUNK: usize = 128 * 1024;

/// What a reader gives, as a request's body.
pub struct Reading<R> {
    from: R,
    sent: Sent,
    buffer: BytesMut,
}

/// A reader as the body of a request; `sent` counts what was read of it.
pub fn body<R: AsyncRead + Unpin + Send + Sync + 'static>(from: R, sent: Sent) -> reqwest::Body {
    reqwest::Body::wrap(Reading { from, sent, buffer: BytesMut::new() })
}

impl<R: AsyncRead + Unpin> Body for Reading<R> {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        this.buffer.resize(CHUNK, 0);
        let mut window = ReadBuf::new(&mut this.buffer);
        match pin!(&mut this.from).poll_read(cx, &mut window) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(e)) => Poll::Ready(Some(Err(e))),
            Poll::Ready(Ok(())) => {
                let read = window.filled().len();
                this.sent.add(read);
                Poll::Ready((read > 0).then(|| Ok(Frame::data(this.buffer.split_to(read).freeze()))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn everything_that_is_read_is_sent_in_order() {
        let content: Vec<u8> = (0..CHUNK * 2 + 7).map(|i| (i % 251) as u8).collect();
        let reading =
            Reading { from: std::io::Cursor::new(content.clone()), sent: Sent::default(), buffer: BytesMut::new() };
        assert_eq!(reading.collect().await.unwrap().to_bytes(), content);
    }
}
