//! A connection over the network that speaks as one caller.

use http::HeaderValue;
use souk_chassis::{Caller, identity};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{self, Endpoint},
};

/// A connection whose every call carries one caller's token. Give it to a generated client.
pub type CallerChannel = InterceptedService<transport::Channel, Token>;

/// Adds a caller's development token to every call.
#[derive(Clone)]
pub struct Token(Option<MetadataValue<Ascii>>);

impl Token {
    pub(crate) fn of(caller: &Caller) -> Token {
        Token::of_text(&identity::development_token(caller))
    }

    fn of_text(text: &str) -> Token {
        if text.is_empty() {
            return Token(None);
        }
        let header =
            HeaderValue::try_from(format!("Bearer {text}")).expect("a token is a valid header");
        Token(Some(MetadataValue::try_from(header.as_bytes()).expect("a token is plain text")))
    }
}

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// Connects to `http://host:port` as a caller. The connection is made at the first call.
///
/// # Panics
/// When the address is not a valid one.
pub fn connect_as(url: &str, caller: &Caller) -> CallerChannel {
    connect(url, Token::of(caller))
}

/// Connects as [`connect_as`] does, with a token that has these scopes only.
///
/// # Panics
/// When the address is not a valid one.
pub fn connect_with(url: &str, caller: &Caller, scopes: &[&str]) -> CallerChannel {
    let text = identity::development_token_with(caller, scopes, identity::DEVELOPMENT_KEY);
    connect(url, Token::of_text(&text))
}

fn connect(url: &str, token: Token) -> CallerChannel {
    let endpoint = Endpoint::from_shared(url.to_owned()).expect("the address of a test is valid");
    InterceptedService::new(endpoint.connect_lazy(), token)
}
