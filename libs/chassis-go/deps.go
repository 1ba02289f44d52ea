package chassis

import (
	_ "buf.build/go/protovalidate"
	_ "golang.org/x/net/http2/hpack"
)
