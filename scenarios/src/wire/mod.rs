//! HTTP/1.1 on the wire, as lean as a load generator needs it.
//!
//! * [`RequestBytes`]: one whole request, encoded once and written many times.
//! * [`ResponseReader`]: reads one whole response into a buffer that it keeps, so that a steady stream of small responses
//!   allocates nothing. The caller learns status and sizes for free; headers and body are slices, looked at only on demand.
//!
//! * [`OpenBody`]: follows a body that goes on and on, piece by piece.
//!
//! There is no pipelining: one request, one response, in turn. Whatever follows a response before the next request was sent
//! is a desynchronised connection and an error, never the start of the next response.

mod body;
mod head;
mod request;
mod response;

use std::io;

pub use body::OpenBody;
pub use request::{METHODS, RequestBytes, RequestError};
pub use response::{ResponseHead, ResponseReader};

/// Why no whole response could be read. The connection must be dropped after any of these.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The peer closed before the first byte of the response: typically an idle keep-alive connection that timed out.
    #[error("connection closed before a response")]
    Closed,
    /// The peer closed in the middle of the response.
    #[error("connection closed in the middle of a response")]
    ClosedEarly,
    /// The socket failed.
    #[error("reading a response: {0}")]
    Io(#[from] io::Error),
    /// The bytes are not a response that this reader understands; says which rule they break.
    #[error("malformed response: {0}")]
    Malformed(&'static str),
    /// TLS came where HTTP was expected.
    #[error("the server speaks TLS there; the URL has to begin with https://")]
    Tls,
    /// HTTP/2 came where HTTP/1.1 was expected.
    #[error(
        "the server speaks HTTP/2 there without being asked, and what is spoken here is HTTP/1.1"
    )]
    Http2,
    /// The response, framing included, is longer than the reader's limit in bytes.
    #[error("response longer than {limit} bytes")]
    TooLarge {
        /// The reader's limit, in bytes.
        limit: usize,
    },
}
