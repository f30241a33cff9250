# SPDX-License-Identifier: GPL-3.0-or-later
"""Signs in to a Rails application in Puma, uploads a file, and receives a message from Action Cable over WebSocket."""

from __future__ import annotations

import hashlib
import os
import re

from browser import EDGE, Browser, prepare, start, wait_for, write

FOLDER = "/srv/rails"
APPLICATION = """
require "rails"
require "action_controller/railtie"
require "action_cable/engine"

class Shop < Rails::Application
  config.root = "/srv/rails"
  config.load_defaults Rails::VERSION::STRING.to_f
  config.eager_load = false
  config.force_ssl = true
  config.secret_key_base = "of the test" * 10
  config.logger = Logger.new($stderr)
  routes.append do
    get "/form", to: "pages#form"
    post "/login", to: "pages#login"
    get "/about", to: "pages#about"
    post "/upload", to: "pages#upload"
  end
end

class PagesController < ActionController::Base
  protect_from_forgery with: :exception

  def form
    render plain: form_authenticity_token
  end

  def login
    session[:user] = params[:user]
    redirect_to "/about"
  end

  def about
    render json: {user: session[:user], secure: request.ssl?, url: request.url, address: request.remote_ip}
  end

  def upload
    render plain: Digest::SHA256.hexdigest(params[:file].read)
  end
end

class NewsChannel < ActionCable::Channel::Base
  def subscribed
    transmit({text: "welcome"})
  end
end

Shop.initialize!
run Shop
"""
CABLE = "production:\n  adapter: async\n"
PUMA = 'bind "unix:///srv/shop/shared/puma.sock?umask=0000"\nthreads 2, 4\nenvironment "production"\n'
SUBSCRIBE = r'{"command":"subscribe","identifier":"{\"channel\":\"NewsChannel\"}"}'

prepare()
write(f"{FOLDER}/config.ru", APPLICATION)
write(f"{FOLDER}/config/cable.yml", CABLE)
write(f"{FOLDER}/puma.rb", PUMA)
write("/srv/shop/current/public/robots.txt", "of nginx")
os.makedirs("/srv/shop/shared", exist_ok=True)
environment = {**os.environ, "RAILS_ENV": "production"}
start("puma", "--config", f"{FOLDER}/puma.rb", f"{FOLDER}/config.ru", cwd=FOLDER, env=environment)
wait_for("/srv/shop/shared/puma.sock")

browser = Browser("shop.example.com")
assert browser.get("/robots.txt").text == "of nginx"
token = browser.get("/form").text
fields = {"authenticity_token": token, "user": "anna"}
assert browser.submit("/login", {"user": "anna"}).status == 422
assert browser.submit("/login", fields, origin="https://other.example.com").status == 422
signed_in = browser.submit("/login", fields)
assert (signed_in.status, signed_in.headers["location"]) == (302, "https://shop.example.com/about"), signed_in
assert all(re.search("; secure", cookie, re.IGNORECASE) for cookie in signed_in.cookies), signed_in.cookies
about = browser.get("/about", x_forwarded_proto="http", x_forwarded_for="198.51.100.9").json
assert about == {"user": "anna", "secure": True, "url": "https://shop.example.com/about", "address": EDGE}, about
content = os.urandom(5_000_000)
sent = browser.upload("/upload", {"authenticity_token": token}, "a.png", content)
assert sent.text == hashlib.sha256(content).hexdigest(), sent

with browser.websocket("/cable", "actioncable-v1-json") as cable:
    assert '"welcome"' in cable.receive()
    cable.send(SUBSCRIBE)
    while '"text":"welcome"' not in (message := cable.receive()):
        assert "reject" not in message, message
assert browser.websocket_status("/cable", origin="https://other.example.com") == 404
