-- Page and resume tokens are signed with the key of the chassis (souk_token_key) from now on; tokens of before are refused.
DROP TABLE token_key;
