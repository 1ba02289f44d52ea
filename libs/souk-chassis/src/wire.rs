//! What a request over HTTP/2 must look like before its method is looked up: gRPC, and nothing that
//! only resembles it.

use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tonic::Status;
use tonic::body::Body;

use crate::refusal;

/// The largest list of headers that is taken, counted as HTTP/2 counts it: names, values and 32
/// bytes for each.
pub(crate) const MAX_HEADER_BYTES: usize = 16 << 10;
const HEADER_OVERHEAD: usize = 32;

/// Why a request is refused: in gRPC's terms, and in HTTP's where another kind of client may be
/// asking.
pub(crate) struct Refusal {
    pub(crate) status: Status,
    http: StatusCode,
}

impl Refusal {
    /// Completes the response that carries the status.
    pub(crate) fn mark(http: StatusCode, mut response: Response<Body>) -> Response<Body> {
        *response.status_mut() = http;
        if http == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        }
        // Returns which compressions are accepted.
        response.headers_mut().insert("grpc-accept-encoding", HeaderValue::from_static("identity"));
        response
    }

    pub(crate) fn split(self) -> (Status, StatusCode) {
        (self.status, self.http)
    }
}

/// Decides from method and headers whether this is a gRPC request that can be read.
pub(crate) fn check(request: &Request<Body>) -> Result<(), Refusal> {
    if request.method() != Method::POST {
        let what = format!("a gRPC request is a POST, not a {}", request.method());
        return Err(Refusal { status: malformed(&what), http: StatusCode::METHOD_NOT_ALLOWED });
    }
    let headers = request.headers();
    if !headers.get(CONTENT_TYPE).is_some_and(is_grpc) {
        let what = "the content-type of a gRPC request is application/grpc or begins with application/grpc+";
        return Err(Refusal { status: malformed(what), http: StatusCode::UNSUPPORTED_MEDIA_TYPE });
    }
    let uri = request.uri();
    let host = uri.authority().map_or(0, |authority| authority.as_str().len());
    let bytes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + HEADER_OVERHEAD)
        .sum::<usize>()
        + uri.path().len()
        + host;
    if bytes > MAX_HEADER_BYTES {
        return Err(Refusal {
            status: refusal::headers_too_large(bytes, MAX_HEADER_BYTES),
            http: StatusCode::OK,
        });
    }
    if let Some(encoding) = headers.get("grpc-encoding").filter(|encoding| *encoding != "identity")
    {
        let encoding = String::from_utf8_lossy(encoding.as_bytes());
        return Err(Refusal { status: refusal::compressed(&encoding), http: StatusCode::OK });
    }
    Ok(())
}

fn malformed(what: &str) -> Status {
    refusal::malformed(refusal::DOMAIN, "", what)
}

fn is_grpc(value: &HeaderValue) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    let bytes = value.as_bytes();
    let Some((start, rest)) = bytes.split_at_checked(GRPC.len()) else { return false };
    start.eq_ignore_ascii_case(GRPC) && matches!(rest.first(), None | Some(b'+' | b';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(method: Method, headers: &[(&'static str, &str)]) -> Option<(u16, tonic::Code)> {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        check(&request).err().map(|refusal| (refusal.http.as_u16(), refusal.status.code()))
    }

    #[test]
    fn only_post_and_grpc_pass() {
        for fine in ["application/grpc", "application/grpc+proto", "Application/gRPC;charset=utf-8"]
        {
            assert_eq!(outcome(Method::POST, &[("content-type", fine)]), None, "{fine}");
        }
        for other in
            ["application/json", "application/grpc-web", "application/grpcx", "application", ""]
        {
            let expected = Some((415, tonic::Code::InvalidArgument));
            assert_eq!(outcome(Method::POST, &[("content-type", other)]), expected, "{other}");
        }
        assert_eq!(outcome(Method::POST, &[]), Some((415, tonic::Code::InvalidArgument)));
        let expected = Some((405, tonic::Code::InvalidArgument));
        assert_eq!(outcome(Method::GET, &[("content-type", "application/grpc")]), expected);
    }

    #[test]
    fn compression_and_long_headers_are_refused_in_the_words_of_grpc() {
        let grpc = ("content-type", "application/grpc");
        assert_eq!(outcome(Method::POST, &[grpc, ("grpc-encoding", "identity")]), None);
        let expected = Some((200, tonic::Code::Unimplemented));
        assert_eq!(outcome(Method::POST, &[grpc, ("grpc-encoding", "gzip")]), expected);
        assert_eq!(outcome(Method::POST, &[grpc, ("x-long", &"x".repeat(16_000))]), None);
        let expected = Some((200, tonic::Code::ResourceExhausted));
        assert_eq!(outcome(Method::POST, &[grpc, ("x-long", &"x".repeat(17_000))]), expected);
    }
}
